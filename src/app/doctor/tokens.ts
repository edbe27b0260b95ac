import type { TokenCheck } from '../../chain/read/check-tokens.ts'
import type { TokenState } from '../../chain/read/read-suspensions.ts'
import type { SuspensionReason } from '../../payment/withheld.ts'
import { fail, ok, type Verdict, warn } from './verdict.ts'

/** Each configured token: whether it is what our table says, and whether its issuer lets it be taken now. */
export function judgeTokens({
  checks,
  states,
}: {
  checks: readonly TokenCheck[]
  states: readonly TokenState[]
}): readonly Verdict[] {
  return checks.map((check) => {
    const { asset } = check
    const name = `token ${asset.symbol} ${asset.network}`
    if (!check.ok) {
      const { problem, fix } = check
      // The start leaves such a row out and serves the rest.
      return asset.isUnconfirmed
        ? warn({ name, seen: `${problem} It is not offered.`, fix })
        : fail({ name, seen: problem, fix })
    }
    const state = states.find(({ asset: { address } }) => address === asset.address)
    if (state?.reason !== undefined) return warn({ name, ...SUSPENSIONS[state.reason] })
    const domain = asset.eip712
      ? `domain "${asset.eip712.name}" version "${asset.eip712.version}"`
      : 'Permit2'
    return ok(name, `${asset.decimals} decimals, ${domain}, at ${asset.address}`)
  })
}

const SUSPENSIONS: Record<SuspensionReason, { readonly seen: string; readonly fix: string }> = {
  paused: {
    seen: 'its issuer has paused it; it is not offered.',
    fix: 'Wait: it comes back by itself when the pause ends.',
  },
  fee_on_transfer: {
    seen: 'its issuer takes a fee on transfers; it is not offered.',
    fix: 'Wait until the fee is off, or offer other tokens.',
  },
  pay_to_blocked: {
    seen: 'its issuer blocks the address of TURNPIKE_PAY_TO; it is not offered.',
    fix: 'Ask the issuer, or set another TURNPIKE_PAY_TO.',
  },
  till_blocked: {
    seen: 'its issuer blocks the till; it is not offered.',
    fix: 'Ask the issuer, or give the till another key.',
  },
  channel_contract_blocked: {
    seen: "its issuer blocks x402's channel contract; it is not offered.",
    fix: 'Wait, or offer other tokens: nobody but the issuer can change that.',
  },
  contract_changed: {
    seen: 'another contract is behind its address; it is not offered.',
    fix: 'Compare the address with what its issuer publishes before anything else.',
  },
}
