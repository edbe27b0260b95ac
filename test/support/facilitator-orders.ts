import { x402Client } from '@x402/core/client'
import { toClientEvmSigner } from '@x402/evm'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { UptoEvmScheme } from '@x402/evm/upto/client'
import { ExactEvmSchemeV1 } from '@x402/evm/v1'
import { checksumAddress } from '../../src/payment/hex.ts'
import type { Address, Asset } from '../../src/payment/types.ts'
import { NETWORK, type Payer } from './start-stack.ts'

/** The body of `POST /verify` and `POST /settle`; tests change single fields of it. */
export type OrderBody = {
  x402Version: number
  paymentPayload: Record<string, unknown> & { payload: Record<string, unknown> }
  paymentRequirements: Record<string, unknown>
}

type OrderTerms = {
  readonly payer: Payer
  readonly asset: Asset
  readonly payTo: Address
  readonly scheme?: 'exact' | 'upto'
  readonly amount?: string
  /** Whose key may settle an `upto` payment. */
  readonly facilitatorAddress?: Address
}

/** A v2 order as the published client signs it. */
export async function orderV2({
  payer,
  asset,
  payTo,
  scheme = 'exact',
  amount = '10000',
  facilitatorAddress,
}: OrderTerms): Promise<OrderBody> {
  const signer = toClientEvmSigner(payer.account)
  const client = new x402Client()
    .register(NETWORK, scheme === 'upto' ? new UptoEvmScheme(signer) : new ExactEvmScheme(signer))
    .setSpendControls(false)
  const isPermit2 = scheme === 'upto' || asset.transfer === 'permit2'
  const paymentRequirements = {
    scheme,
    network: NETWORK,
    asset: checksumAddress(asset.address),
    amount,
    payTo: checksumAddress(payTo),
    maxTimeoutSeconds: 120,
    extra: {
      ...asset.eip712,
      ...(isPermit2 ? { assetTransferMethod: 'permit2' } : {}),
      ...(facilitatorAddress ? { facilitatorAddress: checksumAddress(facilitatorAddress) } : {}),
    },
  }
  const paymentPayload = await client.createPaymentPayload({
    x402Version: 2,
    resource: { url: 'http://127.0.0.1/', description: '', mimeType: '' },
    accepts: [paymentRequirements],
  })
  return JSON.parse(JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements })) as OrderBody
}

/** A v1 order: `exact` over EIP-3009, networks by name. */
export async function orderV1({ payer, asset, payTo, amount = '10000' }: OrderTerms): Promise<OrderBody> {
  const paymentRequirements = {
    scheme: 'exact',
    network: 'base-sepolia',
    maxAmountRequired: amount,
    resource: 'http://127.0.0.1/',
    description: '',
    mimeType: '',
    payTo: checksumAddress(payTo),
    maxTimeoutSeconds: 120,
    asset: checksumAddress(asset.address),
    extra: { ...asset.eip712 },
  }
  const paymentPayload = await new ExactEvmSchemeV1(payer.account).createPaymentPayload(
    1,
    paymentRequirements as never,
  )
  return JSON.parse(JSON.stringify({ x402Version: 1, paymentPayload, paymentRequirements })) as OrderBody
}
