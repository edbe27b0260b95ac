import { LIMITS } from '../../lib/limits.ts'
import type { Address, Network } from '../../payment/types.ts'
import { fail, ok, type Verdict, warn } from './verdict.ts'

const WEI_PER_COIN = 10n ** 18n
const SHOWN_DECIMALS = 6

/** For how many settlements a key has coins, at the present price of gas. What a layer-2 adds for its layer-1 is not counted. */
export function judgeGas({
  network,
  role,
  address,
  balanceWei,
  feePerGasWei,
}: {
  network: Network
  role: 'signer' | 'till'
  address: Address
  balanceWei: bigint
  feePerGasWei: bigint
}): Verdict {
  const name = `gas ${role} ${network}`
  const oneWei = LIMITS.settlementGas * (feePerGasWei > 0n ? feePerGasWei : 1n)
  const settlements = balanceWei / oneWei
  const what = role === 'signer' ? 'deposits, claims and settlements' : 'refunds'
  const seen = `${coins(balanceWei)} coins at ${address}`
  const fix = `Send it at least ${coins(oneWei * LIMITS.lowGasSettlements)} coins on ${network}.`
  if (settlements < 1n) return fail({ name, seen: `${seen}: no ${what} can be sent.`, fix })
  if (settlements < LIMITS.lowGasSettlements) {
    return warn({ name, seen: `${seen}: enough for about ${settlements} transactions.`, fix })
  }
  return ok(name, `${seen}, enough for ${settlements > 100_000n ? 'over 100000' : settlements} transactions`)
}

/** Rounded up in its last place, so that little is never shown as nothing. */
function coins(wei: bigint): string {
  const scale = 10n ** BigInt(SHOWN_DECIMALS)
  const scaled = (wei * scale + WEI_PER_COIN - 1n) / WEI_PER_COIN
  const fraction = (scaled % scale).toString().padStart(SHOWN_DECIMALS, '0').replace(/0+$/, '')
  return `${scaled / scale}${fraction ? `.${fraction}` : ''}`
}
