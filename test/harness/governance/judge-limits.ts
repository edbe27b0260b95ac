import { dueBudgets } from '../../../src/call/budgets/terms.ts'
import { recoverCalls } from '../../../src/call/serve/recover.ts'
import { attributionOf } from '../../../src/governance/hierarchy/attribution.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import type { GovernedStack } from '../../support/governed-stack.ts'

/** How one limit ended. */
export type LimitEnd = {
  readonly scope: string
  readonly limit: bigint
  readonly spent: bigint
  readonly held: bigint
}

/** Releases what a process that is gone has left, once its lease has run out, as every server does in its passes. */
export function keepRecovering({ stack }: { stack: GovernedStack }): { readonly stop: () => Promise<void> } {
  const pass = () => recoverCalls({ store: stack.storage.calls, nowMs: Date.now() })
  const timer = setInterval(() => void pass(), LIMITS.leaseMs / 5)
  return {
    stop: async () => {
      clearInterval(timer)
      const calls = () =>
        stack.storage.calls.listAbandoned({ nowMs: Date.now() + 2 * LIMITS.leaseMs, limit: 1 })
      while ((await calls()).length > 0) {
        await new Promise((resolve) => setTimeout(resolve, LIMITS.leaseMs / 5))
        await pass()
      }
    },
  }
}

/** Every budget of a key as it stands. */
export async function limitsOf({
  stack,
  keyId,
}: {
  stack: GovernedStack
  keyId: string
}): Promise<readonly LimitEnd[]> {
  const rules = await stack.storage.rules.getByKey(keyId)
  if (!rules) throw new Error('The key is gone.')
  const attribution = attributionOf({ ...rules, keyId })
  const { terms } = dueBudgets({ budgets: rules.budgets, attribution, atMs: Date.now() })
  const scopes = await stack.storage.budgets.listScopes(terms)
  return scopes.map(({ level, limit, spent, held }) => ({ scope: level, limit, spent, held }))
}

/** What is wrong with the books after a cell. */
export async function complaintsOf({
  stack,
  organizationId,
  limits,
}: {
  stack: GovernedStack
  organizationId: string
  limits: readonly LimitEnd[]
}): Promise<readonly string[]> {
  const complaints = limits.flatMap(({ scope, limit, spent, held }) => [
    ...(spent > limit ? [`${scope}: ${spent} spent of ${limit}`] : []),
    ...(held === 0n ? [] : [`${scope}: ${held} held with no call open`]),
  ])
  const balance = await stack.storage.organizations.getBalance(organizationId)
  const [first] = limits
  if (balance.heldPicoUsd !== 0n) complaints.push(`balance: ${balance.heldPicoUsd} held with no call open`)
  if (first && balance.spentPicoUsd !== first.spent)
    complaints.push(`the balance has spent ${balance.spentPicoUsd}, the budgets ${first.spent}`)
  const invariants = await stack.storage.ledger.check()
  complaints.push(...invariants.filter(({ ok }) => !ok).map(({ name }) => `the ledger's ${name} is violated`))
  return complaints
}
