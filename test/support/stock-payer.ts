import { x402Client } from '@x402/core/client'
import { toClientEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme, InMemoryClientChannelStorage } from '@x402/evm/batch-settlement/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { UptoEvmScheme } from '@x402/evm/upto/client'
import { wrapFetchWithPayment } from '@x402/fetch'
import { devClient } from '../../src/dev/chain/clients.ts'
import type { Asset, Hex, Scheme } from '../../src/payment/types.ts'
import { NETWORK, type Payer, type Stack } from './start-stack.ts'

/** One request that a client really sent, and its answer's head. */
export type Exchange = {
  readonly status: number
  readonly headers: Headers
  readonly answeredAtMs: number
  /** The JSON of the payment that it carried. */
  readonly payment?: WirePayment
}

/** A v2 payment as it stands in PAYMENT-SIGNATURE; tests change single fields of it. */
export type WirePayment = {
  x402Version: number
  accepted: {
    scheme: Scheme
    network: string
    amount: string
    asset: string
    payTo: string
    maxTimeoutSeconds: number
    extra: Record<string, unknown>
  }
  payload: Record<string, unknown>
  extensions?: Record<string, unknown>
}

export type StockOptions = {
  readonly stack: Pick<Stack, 'rpcUrl' | 'usdc'>
  readonly payer: Payer
  readonly scheme: Scheme
  readonly asset?: Asset
  readonly salt?: Hex
  /** A client that knows its channel from elsewhere. */
  readonly storage?: InMemoryClientChannelStorage
}

export const decodeBase64 = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64').toString())

/**
 * The published client, unmodified, as its README sets it up: one scheme, one token, a signer that can read the chain. What it
 * sends and gets is written down on the way.
 */
export function stockPayer({ stack, payer, scheme, asset = stack.usdc, salt, storage }: StockOptions) {
  const signer = toClientEvmSigner(payer.account, devClient({ rpcUrl: stack.rpcUrl }))
  const channels = storage ?? new InMemoryClientChannelStorage()
  const batch = new BatchSettlementEvmScheme(signer, { storage: channels, ...(salt ? { salt } : {}) })
  const isDefault = asset.address === stack.usdc.address
  const client = new x402Client()
    .register(NETWORK, scheme === 'batch-settlement' ? batch : schemeOf({ scheme, signer }))
    .setSpendControls(isDefault ? {} : { allowedAssets: [{ network: NETWORK, asset: asset.address }] })
    .registerPolicy((_version, offers) =>
      offers.filter((offer) => offer.asset.toLowerCase() === asset.address),
    )

  const exchanges: Exchange[] = []
  const record = async (input: Request | URL | string, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const header = request.headers.get('payment-signature')
    const response = await fetch(request)
    exchanges.push({
      status: response.status,
      headers: response.headers,
      answeredAtMs: performance.now(),
      ...(header ? { payment: decodeBase64(header) as WirePayment } : {}),
    })
    return response
  }
  return {
    pay: wrapFetchWithPayment(record, client),
    client,
    batch,
    storage: channels,
    /** Everything sent so far; `statuses` forgets what it tells, so that each call is judged alone. */
    exchanges,
    statuses: () => exchanges.splice(0).map(({ status }) => status),
  }
}

export type StockPayer = ReturnType<typeof stockPayer>

function schemeOf({ scheme, signer }: { scheme: Scheme; signer: ReturnType<typeof toClientEvmSigner> }) {
  return scheme === 'upto' ? new UptoEvmScheme(signer) : new ExactEvmScheme(signer)
}
