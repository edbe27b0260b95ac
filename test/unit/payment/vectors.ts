import { createHash, webcrypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import {
  buildPaymentRequired,
  encodePaymentRequired,
  toV1Body,
} from '../../../src/payment/payment-required.ts'
import type { Asset, Scheme } from '../../../src/payment/types.ts'
import { encode, makeOffers, makeQuote, pay, payV1, RESOURCE, USDC, USDT } from './stock-client.ts'

/**
 * Vectors of the wire, made by the published clients with fixed keys at a fixed moment:
 * `node test/unit/payment/vectors.ts` writes them anew.
 */
export const VECTORS_FILE = new URL('../../fixtures/x402/vectors.json', import.meta.url)
/** 1 January 2030. */
export const VECTORS_NOW_MS = 1_893_456_000_000

export type Vectors = {
  readonly nowMs: number
  readonly paymentRequired: string
  readonly v1Body: unknown
  readonly payments: readonly {
    readonly name: string
    readonly header: 'PAYMENT-SIGNATURE' | 'X-PAYMENT'
    readonly value: string
  }[]
}

const OPEN = { balance: 1_000_000n, totalClaimed: 0n }

const PAID: readonly { name: string; scheme: Scheme; asset: Asset; channel?: typeof OPEN }[] = [
  { name: 'batch-settlement voucher, USDC', scheme: 'batch-settlement', asset: USDC, channel: OPEN },
  { name: 'batch-settlement deposit, USDC by EIP-3009', scheme: 'batch-settlement', asset: USDC },
  { name: 'batch-settlement deposit, USDT by Permit2', scheme: 'batch-settlement', asset: USDT },
  { name: 'upto, USDC by Permit2', scheme: 'upto', asset: USDC },
  { name: 'upto, USDT by Permit2', scheme: 'upto', asset: USDT },
  { name: 'exact, USDC by EIP-3009', scheme: 'exact', asset: USDC },
  { name: 'exact, USDT by Permit2', scheme: 'exact', asset: USDT },
]

/** Runs something with a clock that stands and with randomness that is counted out. */
async function withFixedWorld<T>(run: () => Promise<T>): Promise<T> {
  const { now } = Date
  const getRandomValues = webcrypto.getRandomValues.bind(webcrypto)
  let drawn = 0
  Date.now = () => VECTORS_NOW_MS
  webcrypto.getRandomValues = (array) => {
    drawn += 1
    const bytes = createHash('sha256').update(`draw ${drawn}`).digest()
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes.subarray(0, array.byteLength))
    return array
  }
  try {
    return await run()
  } finally {
    Date.now = now
    webcrypto.getRandomValues = getRandomValues
  }
}

export function makeVectors(): Promise<Vectors> {
  return withFixedWorld(async () => {
    const offers = makeOffers({ quote: makeQuote({ nowMs: VECTORS_NOW_MS }) })
    const payments: Vectors['payments'][number][] = []
    for (const { name, ...how } of PAID) {
      payments.push({ name, header: 'PAYMENT-SIGNATURE', value: encode(await pay({ ...how, offers })) })
    }
    payments.push({ name: 'exact, x402 v1', header: 'X-PAYMENT', value: encode(await payV1({ offers })) })
    const error = {
      message: 'pay',
      type: 'payment_required',
      param: null,
      code: 'payment_required',
      next: 'pay',
    }
    return {
      nowMs: VECTORS_NOW_MS,
      paymentRequired: encodePaymentRequired(buildPaymentRequired({ offers, resource: RESOURCE })),
      v1Body: toV1Body({ offers, resource: RESOURCE, error }),
      payments,
    }
  })
}

if (import.meta.main) writeFileSync(VECTORS_FILE, `${JSON.stringify(await makeVectors(), null, 2)}\n`)
