import { decodeChallenge, type Challenge } from '../../client/wire/challenge.ts'
import { LIMITS } from '../../lib/limits.ts'
import { parseAddress } from '../../payment/hex.ts'
import type { Terms } from '../../payment/types.ts'
import { fail, ok, type Verdict, warn } from './verdict.ts'

/** An empty probe of our own paid path, as a client far away sees the answer. */
export type DemandSight =
  | { readonly kind: 'silent' }
  | { readonly kind: 'answered'; readonly status: number; readonly header: string | null }

const PATH = '/v1/chat/completions'

export async function askOwnDemand({ url }: { url: string }): Promise<DemandSight> {
  try {
    const response = await fetch(new URL(PATH, url), {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(LIMITS.doctorAnswerMs),
    })
    await response.body?.cancel()
    return {
      kind: 'answered',
      status: response.status,
      header: response.headers.get('payment-required'),
    }
  } catch {
    return { kind: 'silent' }
  }
}

/**
 * Whether a stranger would be asked to pay us: status, header, address of the resource, recipients.
 *
 * @param url where it was asked. @param isPublic whether that is TURNPIKE_PUBLIC_URL: then a server has to be there.
 */
export function judgeDemand({
  sight,
  url,
  isPublic,
  terms,
}: {
  sight: DemandSight
  url: string
  isPublic: boolean
  terms: Terms
}): readonly Verdict[] {
  const { origin } = new URL(url)
  const name = `402 ${origin}`
  if (sight.kind === 'silent') {
    const found = { name, seen: 'nobody answers there.' }
    return isPublic
      ? [fail({ ...found, fix: 'Start the server, or correct TURNPIKE_PUBLIC_URL, its DNS and its proxy.' })]
      : [warn({ ...found, fix: 'Start the server and ask again.' })]
  }
  if (sight.status !== 402) {
    return [
      fail({
        name,
        seen: `an empty POST ${PATH} is answered ${sight.status}, not 402.`,
        fix: 'Look what stands at this address: it must hand paths, methods and statuses on unchanged.',
      }),
    ]
  }
  const challenge = decodeChallenge(sight.header)
  if (!challenge || challenge.offers.length === 0) {
    return [
      fail({
        name,
        seen:
          sight.header === null
            ? 'the 402 comes without its header PAYMENT-REQUIRED.'
            : 'the header PAYMENT-REQUIRED cannot be read.',
        fix: 'Let the proxy hand on response headers of 16 KB, this one included.',
      }),
    ]
  }
  const problems = [
    ...resourceProblems({ challenge, origin, name }),
    ...recipientProblems({ challenge, terms, name }),
  ]
  if (problems.length > 0) return problems
  return [ok(name, `${challenge.offers.length} offers, all to us; the resource is at this origin`)]
}

function resourceProblems({
  challenge: { resource },
  origin,
  name,
}: {
  challenge: Challenge
  origin: string
  name: string
}): readonly Verdict[] {
  const url =
    typeof resource === 'object' && resource !== null && 'url' in resource ? resource.url : undefined
  const named = typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : 'nothing'
  if (named === origin) return []
  return [
    fail({
      name,
      seen: `the 402 names ${named} as the resource.`,
      fix: `Set TURNPIKE_PUBLIC_URL to ${origin}.`,
    }),
  ]
}

function recipientProblems({
  challenge: { offers },
  terms,
  name,
}: {
  challenge: Challenge
  terms: Terms
  name: string
}): readonly Verdict[] {
  const fix = 'Look which server answers there: this one would not ask for that.'
  return offers.flatMap((offer) => {
    const { scheme, network } = offer
    const what = `the offer of ${scheme} on ${network}`
    const expected = scheme === 'exact' ? terms.till : terms.payTo
    const authorizer = parseAddress(offer.extra['receiverAuthorizer'])
    const found: Verdict[] = []
    if (offer.payTo !== expected) {
      found.push(fail({ name, seen: `${what} pays ${offer.payTo}, not ${expected}.`, fix }))
    }
    if (scheme === 'batch-settlement' && authorizer !== terms.receiverAuthorizer) {
      found.push(fail({ name, seen: `${what} names the receiver authorizer ${authorizer}.`, fix }))
    }
    if (!terms.assets.some((asset) => asset.network === network && asset.address === offer.asset)) {
      found.push(fail({ name, seen: `${what} takes the token ${offer.asset}, which is not ours.`, fix }))
    }
    return found
  })
}
