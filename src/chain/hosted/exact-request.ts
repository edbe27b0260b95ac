import type { PaymentRequirements, VerifyRequest } from '@x402/core/types'
import { EXACT_PROXY } from '../../payment/tokens/contracts.ts'
import { checksumAddress } from '../../payment/hex.ts'
import type { Address, Asset } from '../../payment/types.ts'
import type { Funding } from '../../settlement/types.ts'

type Exact = Extract<Funding['authorization'], { kind: 'exact' }>

/**
 * An `exact` payment in x402's words (v2), as `POST /verify` and `POST /settle` take it. It is made from what the payer signed and from
 * our own table; nothing of the call that it pays for is in it.
 */
export function exactRequest({
  funding,
  authorization,
  asset,
  till,
}: {
  funding: Funding
  authorization: Exact
  asset: Asset
  till: Address
}): VerifyRequest {
  const { network, amountAtomic } = funding
  const required: PaymentRequirements = {
    scheme: 'exact',
    network,
    asset: checksumAddress(asset.address),
    amount: amountAtomic.toString(),
    payTo: checksumAddress(till),
    maxTimeoutSeconds: 60,
    extra: {
      ...(asset.eip712 && !asset.eip712.isSalted
        ? { name: asset.eip712.name, version: asset.eip712.version }
        : {}),
      ...(authorization.method === 'permit2' ? { assetTransferMethod: 'permit2' } : {}),
    },
  }
  const payload = payloadOf({ funding, authorization, till })
  return {
    x402Version: 2,
    paymentPayload: { x402Version: 2, accepted: required, payload },
    paymentRequirements: required,
  }
}

function payloadOf({
  funding,
  authorization,
  till,
}: {
  funding: Funding
  authorization: Exact
  till: Address
}): Record<string, unknown> {
  const { signature, nonce } = authorization
  const from = checksumAddress(funding.payer)
  const to = checksumAddress(till)
  const amount = funding.amountAtomic.toString()
  const validAfter = authorization.validAfter.toString()
  const until = authorization.validBefore.toString()
  if (authorization.method === 'eip3009') {
    return { signature, authorization: { from, to, value: amount, validAfter, validBefore: until, nonce } }
  }
  const permitted = { token: checksumAddress(funding.asset), amount }
  const spender = checksumAddress(EXACT_PROXY)
  const witness = { to, validAfter }
  return { signature, permit2Authorization: { from, permitted, spender, nonce, deadline: until, witness } }
}
