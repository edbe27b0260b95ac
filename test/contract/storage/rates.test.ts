import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RateLimit } from '../../../src/call/admin-ports.ts'
import { type Lease, leave } from '../../../src/governance/rates/concurrency.ts'
import { giveBackRate, type RateState } from '../../../src/governance/rates/gcra.ts'
import { takeRates } from '../../../src/governance/rates/take-rates.ts'
import { openStorage, type Storage } from '../../../src/storage/open-storage.ts'
import { NOW_MS } from '../../support/calls.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres, type PostgresServer } from '../../support/postgres.ts'
import { KINDS, useStorage } from './stores.ts'

test.skipIf(hasPostgres)(`the suite on a server ${MISSING_POSTGRES}`, () => {})

const UNTIL_MS = NOW_MS + 60_000
const limitOf = (metric: RateLimit['metric'], limit: number): RateLimit => ({
  id: randomUUID(),
  organizationId: 'acme',
  place: { level: 'organization', id: 'acme' },
  metric,
  limit,
  setBy: { unitPath: ['acme'], reach: 'subtree' },
  version: 1,
})

describe.each(KINDS)('rates on %s', (kind) => {
  const storage = useStorage(kind)
  const take = (limits: readonly RateLimit[], tokens = 0, over: { callId?: string; nowMs?: number } = {}) =>
    storage().rates.take({
      callId: randomUUID(),
      nowMs: NOW_MS,
      untilMs: UNTIL_MS,
      ...over,
      limits,
      amounts: { requests: 1, tokens },
    })

  test('a call takes its share of all limits or of none', async () => {
    const [requests, tokens] = [limitOf('requests', 3), limitOf('tokens', 100)]
    expect((await take([requests, tokens], 80)).isAdmitted).toBe(true)
    const refused = await take([requests, tokens], 80)
    expect(refused).toMatchObject({ isAdmitted: false, binding: { metric: 'tokens', kind: 'limited' } })
    expect(refused.verdicts.map(({ remaining }) => remaining)).toEqual([2, 20])
    expect((await take([requests, tokens], 101)).binding).toMatchObject({ kind: 'never' })
    expect((await take([requests, tokens], 20)).verdicts.map(({ remaining }) => remaining)).toEqual([1, 0])
    // Nothing is asked of the database where nothing is limited.
    expect(await take([])).toEqual({ isAdmitted: true, rates: [], concurrency: [], verdicts: [] })
  })

  test('an end gives back what was not used and its place, once; the same call is taken once', async () => {
    const limits = [limitOf('tokens', 100), limitOf('concurrent', 1)]
    const callId = randomUUID()
    for (const _ of [1, 2]) expect((await take(limits, 60, { callId })).isAdmitted).toBe(true)
    expect((await take(limits, 10)).binding?.metric).toBe('concurrent')
    const end = (unusedTokens: number) => storage().rates.end({ callId, limits, unusedTokens, nowMs: NOW_MS })
    await Promise.all([end(50), end(50)])
    await end(50)
    const next = await take(limits, 0)
    expect(next.isAdmitted).toBe(true)
    expect(next.verdicts[0]?.remaining).toBe(90)
    // Who was never let in has nothing to give back.
    await storage().rates.end({ callId: randomUUID(), limits, unusedTokens: 90, nowMs: NOW_MS })
    expect((await take(limits, 0)).isAdmitted).toBe(false)
  })

  test('a call that nobody ends gives its place back at its latest end', async () => {
    const limits = [limitOf('concurrent', 2)]
    for (const _ of [1, 2]) expect((await take(limits)).isAdmitted).toBe(true)
    expect((await take(limits, 0, { nowMs: UNTIL_MS - 1 })).isAdmitted).toBe(false)
    expect((await take(limits, 0, { nowMs: UNTIL_MS, callId: randomUUID() })).isAdmitted).toBe(true)
  })

  test('a call that ends in the group in which it begins leaves nothing behind', async () => {
    const limits = [limitOf('concurrent', 1), limitOf('tokens', 10)]
    const callId = randomUUID()
    const [, , second] = await Promise.all([
      take(limits, 10, { callId }),
      storage().rates.end({ callId, limits, unusedTokens: 10, nowMs: NOW_MS }),
      take(limits, 10),
    ])
    expect(second.isAdmitted).toBe(true)
  })

  test('any history is judged as the rule says, however it is grouped', async () => {
    const step = fc.record({
      isEnd: fc.boolean(),
      call: fc.nat(11),
      tokens: fc.nat(40),
      unused: fc.nat(20),
      afterMs: fc.nat(3_000),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 8 }), async (groups) => {
        const limits = [limitOf('requests', 12), limitOf('tokens', 90), limitOf('concurrent', 3)]
        const [perRequest, perToken, atOnce] = limits
        if (!perRequest || !perToken || !atOnce) throw new Error('There are three limits.')
        const prefix = randomUUID()
        const states = new Map<string, RateState>()
        let leases: readonly Lease[] = []
        const open = new Set<string>()
        let nowMs = NOW_MS
        for (const group of groups) {
          const asked = group.map(({ isEnd, call, tokens, unused, afterMs }) => {
            nowMs += afterMs
            const callId = `${prefix} ${call}`
            if (isEnd) {
              if (open.delete(callId)) {
                leases = leave({ leases, id: callId })
                const state = states.get('tokens')
                if (state && unused > 0)
                  states.set('tokens', giveBackRate({ state, perMinute: 90, amount: unused }))
              }
              return { expected: undefined, run: { callId, unusedTokens: unused, nowMs } }
            }
            const stateOf = (metric: string) => {
              const state = states.get(metric)
              return state ? { state } : {}
            }
            const expected = takeRates({
              rates: [
                { place: perRequest.place, metric: 'requests', perMinute: 12, ...stateOf('requests') },
                { place: perToken.place, metric: 'tokens', perMinute: 90, ...stateOf('tokens') },
              ],
              concurrency: [{ place: atOnce.place, limit: 3, leases }],
              callId,
              amounts: open.has(callId) ? { requests: 0, tokens: 0 } : { requests: 1, tokens },
              nowMs,
              untilMs: nowMs + 600_000,
            })
            if (expected.isAdmitted && !open.has(callId)) {
              open.add(callId)
              for (const { metric, state } of expected.rates) if (state) states.set(metric, state)
              leases = expected.concurrency[0]?.leases ?? []
            }
            return { expected, run: { callId, tokens, nowMs, untilMs: nowMs + 600_000 } }
          })
          const answers = await Promise.all(
            asked.map(({ run }) =>
              run.untilMs !== undefined
                ? storage().rates.take({ ...run, limits, amounts: { requests: 1, tokens: run.tokens } })
                : storage().rates.end({ ...run, limits }),
            ),
          )
          for (const [index, answer] of answers.entries())
            expect(answer ? [answer.isAdmitted, answer.verdicts, answer.binding] : undefined).toEqual(
              asked[index]?.expected
                ? [
                    asked[index].expected.isAdmitted,
                    asked[index].expected.verdicts,
                    asked[index].expected.binding,
                  ]
                : undefined,
            )
        }
      }),
      { numRuns: 15 },
    )
  }, 30_000)
})

describe.skipIf(!hasPostgres)('four processes on one database', () => {
  let server: PostgresServer | undefined
  let instances: readonly Storage[] = []
  beforeAll(async () => {
    server = await startPostgres()
    const databaseUrl = await server.createDatabase()
    const opened: Storage[] = []
    for (let index = 0; index < 4; index += 1)
      opened.push(await openStorage({ databaseUrl, instanceId: randomUUID(), region: 'local' }))
    instances = opened
  })
  afterAll(async () => {
    await Promise.all(instances.map((one) => one.close()))
    await server?.stop()
  })

  test('never let in more than the limit allows, with limits in any order', async () => {
    const wide = limitOf('requests', 70)
    const [left, right] = [limitOf('tokens', 500), limitOf('tokens', 300)]
    const atOnce = limitOf('concurrent', 40)
    const calls = Array.from({ length: 240 }, (_, index) => ({
      callId: randomUUID(),
      limits: index % 2 === 0 ? [wide, left, right, atOnce] : [atOnce, right, left, wide],
      amounts: { requests: 1, tokens: 1 + (index % 9) },
      nowMs: NOW_MS,
      untilMs: UNTIL_MS,
    }))
    let underWay = 0
    let mostUnderWay = 0
    const taken: (typeof calls)[number][] = []
    const work = calls.map(async (call, index) => {
      const rates = instances[index % 4]?.rates
      if (!rates) throw new Error('There are four instances.')
      if (!(await rates.take(call)).isAdmitted) return
      taken.push(call)
      underWay += 1
      mostUnderWay = Math.max(mostUnderWay, underWay)
      await new Promise((resolve) => setTimeout(resolve, 5))
      underWay -= 1
      await rates.end({ ...call, unusedTokens: 0 })
    })
    await Promise.all(work)
    const tokens = taken.reduce((sum, call) => sum + call.amounts.tokens, 0)
    expect(taken.length).toBeLessThanOrEqual(70)
    expect(tokens).toBeLessThanOrEqual(300)
    // How many find the forty places taken depends on the machine; that many calls always find one.
    expect(taken.length).toBeGreaterThanOrEqual(30)
    expect(mostUnderWay).toBeLessThanOrEqual(40)
    // Their own clocks do not matter while they race; what is left is what the rule says.
    const last = await instances[0]?.rates.take({
      callId: randomUUID(),
      limits: [wide, right, atOnce],
      amounts: { requests: 0, tokens: 0 },
      nowMs: NOW_MS,
      untilMs: UNTIL_MS,
    })
    expect(last?.verdicts.map(({ remaining }) => remaining)).toEqual([70 - taken.length, 300 - tokens])
    expect(last?.isAdmitted).toBe(true)
  })
})
