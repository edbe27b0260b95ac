import { LIMITS } from '../../lib/limits.ts'
import type { Address, Asset } from '../../payment/types.ts'
import type { HostedFacilitator } from '../../settlement/ports.ts'
import type { Funding } from '../../settlement/types.ts'
import { areAuthorizationsUsed } from '../read/authorizations.ts'
import type { Rpc } from '../rpc.ts'
import { askFacilitator, type HostedOptions } from './ask-facilitator.ts'
import { exactRequest } from './exact-request.ts'

/**
 * x402's facilitator over HTTP, as settlement sees it.
 *
 * @param timeoutMs for each of the two questions.
 */
export function createHosted({
  rpc,
  assets,
  till,
  options,
  timeoutMs = LIMITS.facilitatorMs,
}: {
  rpc: Rpc
  assets: readonly Asset[]
  till: Address
  options: HostedOptions
  timeoutMs?: number
}): HostedFacilitator {
  const assetOf = (funding: Funding) => assets.find(({ address }) => address === funding.asset)
  const ask = (path: '/verify' | '/settle', body: string) =>
    askFacilitator({ options, path, body, timeoutMs })
  return {
    takes(funding) {
      const asset = assetOf(funding)
      if (funding.authorization.kind !== 'exact' || asset === undefined) return false
      // The facilitator is told the domain that was signed; one that the start has read from the chain is not in this table.
      // A permit that this server sponsors goes into this server's own transaction.
      if (funding.authorization.method === 'permit2') return funding.authorization.permit === undefined
      return asset.eip712 !== undefined
    },
    async submit(funding) {
      const { authorization } = funding
      const asset = assetOf(funding)
      if (authorization.kind !== 'exact' || asset === undefined) return { kind: 'unreachable' }
      const body = JSON.stringify(exactRequest({ funding, authorization, asset, till }))
      const verdict = await ask('/verify', body)
      if (verdict?.['isValid'] === false)
        return { kind: 'refused', reason: reasonOf(verdict['invalidReason']) }
      if (verdict?.['isValid'] !== true) return { kind: 'unreachable' }
      await ask('/settle', body)
      return { kind: 'asked' }
    },
    async isNonceUsed({ authorization, asset: token, payer: owner }) {
      if (authorization.kind !== 'exact') return false
      const { method, nonce } = authorization
      const [isUsed] = await areAuthorizationsUsed({ rpc, authorizations: [{ method, token, owner, nonce }] })
      return isUsed === true
    },
  }
}

/** Its words stay out of rows and answers: the two that a payer can do something about have names here. */
function reasonOf(said: unknown): string {
  const word = typeof said === 'string' ? said : ''
  if (/insufficient_(balance|funds)/.test(word)) return 'insufficient_balance'
  return /allowance/.test(word) ? 'insufficient_allowance' : 'facilitator_refused'
}
