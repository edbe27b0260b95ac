import { type Attribution, attributionOf } from '../../governance/hierarchy/attribution.ts'
import { effectivePolicy, policyLevels } from '../../governance/policies/effective-policy.ts'
import { policyRouting } from '../../governance/policies/policy-routing.ts'
import { requireKeyPermission } from '../../governance/keys/key-kinds.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Address } from '../../payment/types.ts'
import type { CallerRules, GovernedCaller } from '../rules-ports.ts'
import type { GovernedDependencies } from '../dependencies.ts'

/** Who calls without saying who it is: what is set for all wallets of nobody's binds it as well. */
export const NOBODY: Address = '0x0000000000000000000000000000000000000000'

/** Policies change seldom, and rules that are kept are the same object from call to call. */
const policies = new WeakMap<CallerRules, Pick<GovernedCaller, 'policy' | 'routing'>>()

function policyOf(rules: CallerRules, attribution: Attribution): Pick<GovernedCaller, 'policy' | 'routing'> {
  const known = policies.get(rules)
  if (known) return known
  const policy = effectivePolicy(policyLevels({ policies: rules.policies, attribution }))
  const found = { policy, routing: rules.policies.length > 0 ? policyRouting(policy) : [] }
  policies.set(rules, found)
  return found
}

/** What binds a wallet that pays beside a key binds the call too. */
const together = (rules: CallerRules, payer: CallerRules | undefined): CallerRules =>
  payer
    ? {
        ...rules,
        policies: [...rules.policies, ...ownOf(payer, payer.policies)],
        budgets: [...rules.budgets, ...ownOf(payer, payer.budgets)],
        rates: [...rules.rates, ...ownOf(payer, payer.rates)],
      }
    : rules

/** Of the wallet itself alone: what is above it is its own organisation's affair, and not that of who lent it the key. */
const ownOf = <Placed extends { readonly place: { readonly level: string } }>(
  _payer: CallerRules,
  placed: readonly Placed[],
): readonly Placed[] => placed.filter(({ place }) => place.level === 'wallet')

function requireCalling({ key, grants, unit }: CallerRules): void {
  if (!key) return
  requireKeyPermission({ key, grants, permission: 'models:call', unitPath: unit.path, isOwn: true })
}

/**
 * Whose rules bind a call: those of its key, else of the wallet that pays.
 *
 * @param keyRules of the key that came along, or of a voucher of it (authenticateCaller).
 * @param payer the wallet that pays, once it has shown that it does; of others nothing is told.
 * @param runId the caller's own name for calls that belong together.
 * @throws TurnpikeError `key_kind_mismatch`, `permission_denied`, `wallet_denied`.
 */
export async function governedCaller({
  keyRules,
  payer,
  runId,
  governed,
}: {
  keyRules: CallerRules | undefined
  payer: Address | undefined
  runId?: string | undefined
  governed: Pick<GovernedDependencies, 'rules' | 'passWallet'>
}): Promise<GovernedCaller> {
  const known = payer ? { payer } : {}
  const wallet = payer || !keyRules ? await governed.rules.byWallet(payer ?? NOBODY) : undefined
  if (wallet && payer) await governed.passWallet({ address: payer, rules: wallet })
  if (!keyRules && wallet) {
    const { unit, principal } = wallet
    const attribution = attributionOf({ unit, principal, ...(runId === undefined ? {} : { runId }) })
    return { rules: wallet, attribution, ...policyOf(wallet, attribution), ...known }
  }
  if (!keyRules) throw new TurnpikeError('internal_error')
  requireCalling(keyRules)
  const { unit, principal, key, voucher } = keyRules
  const attribution = attributionOf({
    unit,
    principal,
    ...(key ? { keyId: key.id } : {}),
    ...(voucher ? { voucherIds: voucher.levels.map(({ id }) => id) } : {}),
    ...(wallet ? { payer: wallet.principal } : {}),
    ...(runId === undefined ? {} : { runId }),
  })
  const joined = together(keyRules, wallet)
  return { rules: joined, attribution, ...policyOf(joined, attribution), ...known }
}
