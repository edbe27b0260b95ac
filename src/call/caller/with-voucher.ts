import type { ApiKey } from '../../governance/keys/types.ts'
import type { VoucherLevel } from '../../governance/vouchers/check-voucher.ts'
import { voucherRules } from '../../governance/vouchers/voucher-rules.ts'
import type { CallerRules } from '../rules-ports.ts'

/** Whatever its key may: who has a voucher calls models, and raises no run and reads no budget but its own. */
const scopesOf = ({ scopes }: ApiKey): ApiKey['scopes'] =>
  scopes === null || scopes.includes('models:call') ? ['models:call'] : []

/** The rules of a voucher: those of its key, and what its links take away of them. */
export function withVoucher({
  rules,
  levels,
}: {
  rules: CallerRules
  levels: readonly [VoucherLevel, ...VoucherLevel[]]
}): CallerRules {
  const { key, organization } = rules
  const added = voucherRules({ levels, organizationId: organization?.id ?? null })
  return {
    ...rules,
    ...(key ? { key: { ...key, scopes: scopesOf(key) } } : {}),
    voucher: { levels },
    policies: [...rules.policies, ...added.policies],
    budgets: [...rules.budgets, ...added.budgets],
  }
}
