import { expect, test } from 'vitest'
import { createRulesCache } from '../../../../src/call/caller/rules-cache.ts'
import type { CallerRules } from '../../../../src/call/rules-ports.ts'
import { PUBLIC_UNIT } from '../../../../src/governance/hierarchy/types.ts'
import { LIMITS } from '../../../../src/lib/limits.ts'

const WALLET = '0x00000000000000000000000000000000000000aa'

const rulesOf = (organizationId: string | undefined, name: string): CallerRules => ({
  ...(organizationId === undefined
    ? {}
    : {
        organization: { id: organizationId, name, levelNames: ['organization'], timeZone: 'UTC', version: 1 },
      }),
  unit: PUBLIC_UNIT,
  principal: {
    id: name,
    organizationId: organizationId ?? null,
    unitId: 'u',
    kind: 'service',
    name,
    version: 1,
  },
  grants: [],
  policies: [],
  budgets: [],
  rates: [],
})

function world() {
  const asked: string[] = []
  const changed: { organizationId: string; sequence: number }[] = []
  let nowMs = 1_000_000
  const rules = new Map<string, CallerRules>([
    ['k1', rulesOf('acme', 'k1')],
    ['k2', rulesOf('globex', 'k2')],
  ])
  let during: (() => void) | undefined
  let duringLook: (() => void) | undefined
  const cache = createRulesCache({
    store: {
      getByKey: async (id) => {
        asked.push(id)
        const found = rules.get(id)
        during?.()
        return found
      },
      getByWallet: async (address) => {
        asked.push(address)
        return rulesOf(undefined, address)
      },
      listChanged: async () => {
        asked.push('changes')
        const found = [...changed]
        duringLook?.()
        return found
      },
    },
    clock: { nowMs: () => nowMs },
  })
  return {
    cache,
    rules,
    asked: () => asked.splice(0),
    change: (organizationId: string, sequence: number) => changed.push({ organizationId, sequence }),
    pass: (ms: number) => {
      nowMs += ms
    },
    onRead: (act: () => void) => {
      during = act
    },
    onLook: (act: () => void) => {
      duringLook = act
    },
  }
}

test('rules are read once, and again after a change of their own organisation', async () => {
  const { cache, asked, change, pass } = world()
  await cache.byKey('k1')
  await cache.byKey('k2')
  await cache.byKey('k1')
  expect(asked()).toEqual(['changes', 'k1', 'k2'])
  change('acme', 7)
  pass(100)
  await cache.refresh()
  await cache.byKey('k1')
  await cache.byKey('k2')
  expect(asked()).toEqual(['changes', 'k1'])
  // The same end of the log is no new change.
  await cache.refresh()
  await cache.byKey('k1')
  expect(asked()).toEqual(['changes'])
})

test('nothing is answered from rules that nobody has confirmed for longer than a change may take to be in force', async () => {
  const { cache, asked, change, pass, rules } = world()
  await cache.byKey('k1')
  asked()
  change('acme', 2)
  rules.delete('k1')
  pass(LIMITS.rulesFreshMs + 1)
  expect(await cache.byKey('k1')).toBeUndefined()
  expect(asked()).toEqual(['changes', 'k1'])
  expect(LIMITS.rulesFreshMs).toBeLessThan(1_000)
})

test('a look at what was changed that takes too long confirms nothing', async () => {
  const { cache, asked, pass, rules, onLook } = world()
  await cache.byKey('k1')
  asked()
  pass(LIMITS.rulesFreshMs + 1)
  // The database has looked before the key was revoked, and its answer comes long after.
  onLook(() => {
    rules.delete('k1')
    pass(5_000)
  })
  expect(await cache.byKey('k1')).toBeUndefined()
  expect(asked()).toEqual(['changes', 'k1'])
})

test('a key that was unknown is looked for again after any change, and a wallet too, which any organisation may have linked', async () => {
  const { cache, asked, change, rules } = world()
  expect(await cache.byKey('k3')).toBeUndefined()
  await cache.byWallet(WALLET)
  asked()
  rules.set('k3', rulesOf('acme', 'k3'))
  change('acme', 3)
  await cache.refresh()
  expect(await cache.byKey('k3')).toBeDefined()
  await cache.byWallet(WALLET)
  expect(asked()).toEqual(['changes', 'k3', WALLET])
})

test('what was changed while it was read is not kept', async () => {
  const { cache, asked, change, onRead } = world()
  await cache.byKey('k2')
  let refreshed: Promise<void> | undefined
  onRead(() => {
    onRead(() => undefined)
    change('acme', 9)
    refreshed = cache.refresh()
  })
  const reading = cache.byKey('k1')
  await refreshed
  await reading
  asked()
  await cache.byKey('k1')
  expect(asked()).toContain('k1')
})

test('where changes cannot be asked for nothing is answered', async () => {
  const cache = createRulesCache({
    store: {
      getByKey: async () => rulesOf('acme', 'k1'),
      getByWallet: async () => rulesOf(undefined, 'w'),
      listChanged: () => Promise.reject(new Error('away')),
    },
    clock: { nowMs: () => 0 },
  })
  await expect(cache.byKey('k1')).rejects.toThrow('away')
})
