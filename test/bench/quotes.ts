import { BASE_SEPOLIA_USDC } from '../../src/payment/tokens/assets.ts'
import type { Offer } from '../../src/payment/types.ts'
import { payOnChannel, type PayerChannel } from './channel-payer.ts'
import { type Answer, demandStatus, requestBytes, sendAll } from './wire.ts'

export type PaymentRequired = { readonly x402Version: 2; readonly accepts: readonly Offer[] }

/** The `PAYMENT-REQUIRED` header of a 402. */
export function requiredOf({ head }: Answer): PaymentRequired {
  const value = /\r\npayment-required: ([^\r]+)/i.exec(head)?.[1] ?? ''
  return JSON.parse(Buffer.from(value, 'base64').toString()) as PaymentRequired
}

/** The channel's offer in USDC. */
export function channelOffer({ accepts }: PaymentRequired): Offer {
  const offer = accepts.find(
    ({ scheme, asset }) => scheme === 'batch-settlement' && asset.toLowerCase() === BASE_SEPOLIA_USDC.address,
  )
  if (!offer) throw new Error('The 402 offers no channel in USDC.')
  return offer
}

/** Asks the price of every body, as a client does that has no payment yet. */
export async function askPrices({
  port,
  bodies,
}: {
  port: number
  bodies: readonly string[]
}): Promise<readonly PaymentRequired[]> {
  const requests = bodies.map((body) => requestBytes({ body }))
  const { answers } = await sendAll({ port, requests, inFlight: Math.min(16, bodies.length) })
  demandStatus(answers, 402)
  return answers.map(requiredOf)
}

export type PaidRequest = { readonly bytes: Buffer; readonly ceilingAtomic: bigint }

/** Fetches a quote for every body and signs for it, the channels in turn: what can be done before the clock starts. */
export async function preparePaid({
  port,
  bodies,
  channels,
}: {
  port: number
  bodies: readonly string[]
  channels: readonly PayerChannel[]
}): Promise<readonly PaidRequest[]> {
  const prices = await askPrices({ port, bodies })
  return prices.map((required, index) => {
    const offer = channelOffer(required)
    const channel = channels[index % channels.length] as PayerChannel
    const payment = payOnChannel({ channel, offer })
    return {
      bytes: requestBytes({ body: bodies[index] ?? '', payment }),
      ceilingAtomic: BigInt(offer.amount),
    }
  })
}
