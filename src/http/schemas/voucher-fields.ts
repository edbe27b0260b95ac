import type { VoucherStanding } from '../../call/budgets/voucher-standing.ts'
import { expiryOf } from '../../governance/vouchers/check-voucher.ts'
import { formatUsd, minBigint } from '../../lib/money.ts'
import type { VoucherCaveats } from '../../lib/voucher-caveats.ts'

const timeOf = (ms: number | undefined): string | null =>
  ms === undefined || ms === Infinity ? null : new Date(ms).toISOString()

/** The limits of one link; null: it sets none. */
export const voucherForWire = ({
  maxPicoUsd,
  maxRequests,
  models,
  expiresAtMs,
  delegable,
}: VoucherCaveats) => ({
  max_usd: maxPicoUsd === undefined ? null : formatUsd(maxPicoUsd),
  max_requests: maxRequests ?? null,
  models: models ?? null,
  expires_at: timeOf(expiresAtMs),
  delegable: delegable ?? true,
})

/** A limit that a parent has used up leaves nothing to who is below it. */
function leftOf(levels: readonly VoucherStanding[]): bigint | undefined {
  const left = levels.flatMap(({ caveats: { maxPicoUsd }, usd }) => {
    if (maxPicoUsd === undefined) return []
    const free = maxPicoUsd - (usd?.spent ?? 0n) - (usd?.held ?? 0n)
    return [free > 0n ? free : 0n]
  })
  return left.length === 0 ? undefined : left.reduce(minBigint)
}

/** GET /v1/vouchers/me: every level, the one that was handed out first. */
export function standingForWire(levels: readonly VoucherStanding[]) {
  const left = leftOf(levels)
  const last = levels.at(-1)
  return {
    object: 'voucher',
    id: last?.id ?? null,
    available_usd: left === undefined ? null : formatUsd(left),
    expires_at: timeOf(expiryOf(levels.map(({ caveats }) => caveats))),
    delegable: last?.caveats.delegable ?? true,
    levels: levels.map(({ id, caveats, usd, requests }) => ({
      id,
      ...voucherForWire(caveats),
      spent_usd: usd ? formatUsd(usd.spent) : null,
      held_usd: usd ? formatUsd(usd.held) : null,
      spent_requests: requests ? Number(requests.spent) : null,
      held_requests: requests ? Number(requests.held) : null,
    })),
  }
}
