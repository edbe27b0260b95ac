import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Address } from '../../payment/types.ts'
import type { Clock } from '../ports.ts'
import type { CallerRules, RulesStore } from '../rules-ports.ts'

/** What callers are bound by, kept between calls: a call that nothing was changed for asks no database. */
export type RulesCache = {
  readonly byKey: (keyId: string) => Promise<CallerRules | undefined>
  readonly byWallet: (address: Address) => Promise<CallerRules>
  /** Asks what was changed, and lets go of it. To be called more often than LIMITS.rulesFreshMs; calls ask by themselves where nobody did. */
  readonly refresh: () => Promise<void>
}

const tenantOf = (rules: CallerRules | undefined) => rules?.organization?.id ?? PUBLIC_UNIT.id

/**
 * Keeps rules until somebody changes something of their organisation, by the end of its audit log, which every change moves. A change is in
 * force on every instance within LIMITS.rulesFreshMs: nothing is answered from rules that were not confirmed for longer. A wallet of
 * nobody's may be linked by any organisation, so any change lets go of those.
 */
export function createRulesCache({
  store,
  clock,
}: {
  store: Omit<RulesStore, 'getByPrincipal'>
  clock: Pick<Clock, 'nowMs'>
}): RulesCache {
  const kept = new Map<string, CallerRules | undefined>()
  const ends = new Map<string, number>()
  let generation = 0
  let confirmedAtMs: number | undefined
  let refreshing: Promise<void> | undefined

  function forget(changed: ReadonlySet<string>): void {
    generation += 1
    for (const [name, rules] of kept) {
      const tenant = tenantOf(rules)
      if (rules === undefined || tenant === PUBLIC_UNIT.id || changed.has(tenant)) kept.delete(name)
    }
  }

  async function look(): Promise<void> {
    const askedAtMs = clock.nowMs()
    // Before the first look nothing is kept, so nothing that is older can be wrong.
    const rows = await store.listChanged({ sinceMs: confirmedAtMs ?? askedAtMs })
    const changed = new Set<string>()
    for (const { organizationId, sequence } of rows) {
      if (ends.get(organizationId) === sequence) continue
      ends.set(organizationId, sequence)
      changed.add(organizationId)
    }
    if (changed.size > 0) forget(changed)
    confirmedAtMs = askedAtMs
  }

  const refresh = (): Promise<void> => {
    refreshing ??= look().finally(() => {
      refreshing = undefined
    })
    return refreshing
  }

  const isFresh = (): boolean =>
    confirmedAtMs !== undefined && clock.nowMs() - confirmedAtMs <= LIMITS.rulesFreshMs

  async function read(
    name: string,
    load: () => Promise<CallerRules | undefined>,
  ): Promise<CallerRules | undefined> {
    if (!isFresh()) await refresh()
    // A look that took so long may have seen nothing of what was changed meanwhile: then the rules themselves are asked for.
    if (isFresh() && kept.has(name)) return kept.get(name)
    const asOf = generation
    const rules = await load()
    // What was changed while it was read may be in it or not.
    if (asOf === generation) keep(name, rules)
    return rules
  }

  function keep(name: string, rules: CallerRules | undefined): void {
    kept.set(name, rules)
    const [oldest] = kept.keys()
    if (kept.size > LIMITS.keptCallers && oldest !== undefined) kept.delete(oldest)
  }

  return {
    byKey: (keyId) => read(`key ${keyId}`, () => store.getByKey(keyId)),
    byWallet: async (address) => {
      const rules = await read(`wallet ${address}`, () => store.getByWallet(address))
      return rules ?? store.getByWallet(address)
    },
    refresh,
  }
}
