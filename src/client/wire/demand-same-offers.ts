import { parseAtomic } from '../../lib/money.ts'
import { parseAddress } from '../../payment/hex.ts'
import { networkOfV1Name } from '../../payment/tokens/networks.ts'
import type { ChallengeOffer } from './challenge.ts'
import { SpendRefusedError } from './errors.ts'

/** A 402 has a few offers and an error; what is longer is not looked at. */
const MAX_BODY_BYTES = 64 * 1024
const MAX_WAIT_MS = 5_000

/** The beginning of a body; undefined where it is longer than anybody needs, or does not end. */
async function shortText(response: Response): Promise<string | undefined> {
  const reader = response.body?.getReader()
  if (!reader) return undefined
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), MAX_WAIT_MS)
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text + decoder.decode()
      text += decoder.decode(value, { stream: true })
      if (text.length > MAX_BODY_BYTES) return undefined
    }
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
    void reader.cancel().catch(() => undefined)
  }
}

function offersIn(text: string | undefined): readonly Record<string, unknown>[] {
  try {
    const body = JSON.parse(text ?? '') as { x402Version?: unknown; accepts?: unknown } | null
    if (body?.x402Version !== 1 || !Array.isArray(body.accepts)) return []
    return body.accepts.filter((offer) => typeof offer === 'object' && offer !== null)
  } catch {
    return []
  }
}

/** Whether the body tells another price or recipient of an offer that the header makes too. */
function contradicts({
  shown,
  offers,
}: {
  shown: Record<string, unknown>
  offers: readonly ChallengeOffer[]
}): boolean {
  const network = networkOfV1Name(shown['network'])
  const asset = parseAddress(shown['asset'])
  const own = offers.find(
    (offer) =>
      offer.scheme === shown['scheme'] &&
      offer.network === network &&
      offer.asset === asset &&
      offer.extra['assetTransferMethod'] === undefined,
  )
  if (!own) return false
  return (
    parseAtomic(shown['maxAmountRequired']) !== own.amountAtomic || parseAddress(shown['payTo']) !== own.payTo
  )
}

/**
 * Reads the body of a 402 to its end and compares its offers (x402 v1) with those of the header: a server that says two
 * things is not paid.
 *
 * @throws SpendRefusedError `offers_disagree`.
 */
export async function demandSameOffers({
  response,
  offers,
}: {
  response: Response
  offers: readonly ChallengeOffer[]
}): Promise<void> {
  const shown = offersIn(await shortText(response))
  if (!shown.some((each) => contradicts({ shown: each, offers }))) return
  throw new SpendRefusedError(
    'offers_disagree',
    'The 402 names one price or recipient in its header and another in its body. Nothing was signed.',
  )
}
