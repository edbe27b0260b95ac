import { base64OfText, textOfBase64 } from '../../lib/bytes.ts'
import { parseAtomic, type Atomic } from '../../lib/money.ts'
import { parseAddress, ZERO_ADDRESS } from '../../payment/hex.ts'
import { parseNetwork } from '../../payment/tokens/networks.ts'
import { type AcceptedOffer, SCHEMES, type Scheme } from '../../payment/types.ts'

type Json = Readonly<Record<string, unknown>>

/** One way to pay, as the server offered it. */
export type ChallengeOffer = AcceptedOffer & {
  /** The offer's own JSON, which the payment echoes. */
  readonly raw: Json
}

/** A 402 of x402 v2. */
export type Challenge = {
  readonly error?: string
  readonly offers: readonly ChallengeOffer[]
  readonly resource?: unknown
  readonly extensions?: unknown
}

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a scheme cannot do without. */
function isComplete({ scheme, extra }: { scheme: Scheme; extra: Json }): boolean {
  if (scheme === 'upto') return parseAddress(extra['facilitatorAddress']) !== undefined
  if (scheme === 'exact') return true
  const authorizer = parseAddress(extra['receiverAuthorizer'])
  return (
    authorizer !== undefined && authorizer !== ZERO_ADDRESS && Number.isSafeInteger(extra['withdrawDelay'])
  )
}

function readOffer(raw: unknown): ChallengeOffer[] {
  if (!isJson(raw)) return []
  const scheme = SCHEMES.find((known) => known === raw['scheme'])
  const network = parseNetwork(raw['network'])
  const amountAtomic = parseAtomic(raw['amount'])
  const asset = parseAddress(raw['asset'])
  const payTo = parseAddress(raw['payTo'])
  const seconds = raw['maxTimeoutSeconds']
  if (!scheme || !network || amountAtomic === undefined || !asset || !payTo) return []
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds <= 0) return []
  const extra = isJson(raw['extra']) ? raw['extra'] : {}
  if (!isComplete({ scheme, extra })) return []
  return [{ scheme, network, amountAtomic, asset, payTo, maxTimeoutSeconds: seconds, extra, raw }]
}

/** The offers of an `accepts` list that this client understands; others are passed over. */
export const readOffers = (accepts: unknown): ChallengeOffer[] =>
  Array.isArray(accepts) ? accepts.flatMap(readOffer) : []

/** No honest challenge is longer: proxies stop at 8 to 16 KB. */
const MAX_HEADER_CHARS = 64 * 1024

/** @returns undefined where the header is absent or is no x402 v2 challenge: then the 402 is the caller's. */
export function decodeChallenge(header: string | null): Challenge | undefined {
  if (!header || header.length > MAX_HEADER_CHARS) return undefined
  let value: unknown
  try {
    value = JSON.parse(textOfBase64(header))
  } catch {
    return undefined
  }
  if (!isJson(value) || value['x402Version'] !== 2) return undefined
  const { error, resource, extensions } = value
  return {
    offers: readOffers(value['accepts']),
    ...(typeof error === 'string' ? { error } : {}),
    ...(resource === undefined ? {} : { resource }),
    ...(extensions === undefined ? {} : { extensions }),
  }
}

/** What a corrective 402 says of one channel, every amount read. */
export type CorrectiveState = {
  readonly channelId: string
  readonly balanceAtomic: Atomic
  /** What is charged or held: the sum to go on from. */
  readonly committedAtomic: Atomic
  /** What is charged, held and public, where the server tells them apart. */
  readonly chargedAtomic?: Atomic
  readonly heldAtomic?: Atomic
  readonly publishedAtomic?: Atomic
  readonly proof?: { readonly maxAtomic: Atomic; readonly signature: string }
}

function optionalAtomic<Key extends string>(key: Key, value: unknown): { [K in Key]?: Atomic } {
  const amount = parseAtomic(value)
  return amount === undefined ? {} : ({ [key]: amount } as { [K in Key]: Atomic })
}

/** @returns undefined where the offer carries no readable channel state. */
export function readCorrective(offer: ChallengeOffer): CorrectiveState | undefined {
  const { channelState: state, voucherState: voucher } = offer.extra
  if (!isJson(state)) return undefined
  const balanceAtomic = parseAtomic(state['balance'])
  const committedAtomic = parseAtomic(state['chargedCumulativeAmount'])
  const { channelId } = state
  if (typeof channelId !== 'string' || balanceAtomic === undefined || committedAtomic === undefined) {
    return undefined
  }
  const base = { channelId: channelId.toLowerCase(), balanceAtomic, committedAtomic }
  const details = {
    ...optionalAtomic('chargedAtomic', state['charged']),
    ...optionalAtomic('heldAtomic', state['held']),
    ...optionalAtomic('publishedAtomic', state['published']),
  }
  if (!isJson(voucher)) return { ...base, ...details }
  const maxAtomic = parseAtomic(voucher['signedMaxClaimable'])
  const { signature } = voucher
  if (maxAtomic === undefined || typeof signature !== 'string') return undefined
  return { ...base, ...details, proof: { maxAtomic, signature } }
}

/** The value of `PAYMENT-SIGNATURE`. The offer's channel and voucher state are left out: they may be long. */
export function encodePayment({
  challenge,
  offer,
  payload,
  extensions,
}: {
  challenge: Challenge
  offer: ChallengeOffer
  payload: Json
  /** The payment's own, beside those that are echoed. */
  extensions?: Json | undefined
}): string {
  const { channelState: _channel, voucherState: _voucher, ...extra } = offer.extra
  const payment = {
    x402Version: 2,
    ...(challenge.resource === undefined ? {} : { resource: challenge.resource }),
    accepted: { ...offer.raw, extra },
    payload,
    ...(challenge.extensions === undefined && extensions === undefined
      ? {}
      : { extensions: { ...(challenge.extensions as Json | undefined), ...extensions } }),
  }
  return base64OfText(JSON.stringify(payment))
}
