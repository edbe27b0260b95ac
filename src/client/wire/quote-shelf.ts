import { readOffers, type Challenge } from './challenge.ts'
import type { ReplayableRequest } from './replayable-request.ts'

const QUOTES_KEPT = 64
const MAX_BODY_CHARS = 256 * 1024
/** A quote that ends sooner is not worth the risk of a refusal. */
const MARGIN_MS = 5_000
const DEFAULT_PATH = '/v1/chat/completions'

type Shelved = { readonly challenge: Challenge; readonly expiresAtMs: number }

/**
 * Quotes that the caller asked for (`POST /v1/quotes`) and may buy with the same body: such a call is paid at the first
 * request. Each serves once.
 */
export function createQuoteShelf({ nowMs }: { nowMs: () => number }) {
  const shelf = new Map<string, Shelved>()

  return {
    /** Looks whether this answer is a quote, without touching it. */
    async put({ request, response }: { request: ReplayableRequest; response: Response }): Promise<void> {
      const { pathname, searchParams } = new URL(request.url)
      if (!pathname.endsWith('/v1/quotes') || response.status !== 200 || !request.bodyText) return
      if (request.bodyText.length > MAX_BODY_CHARS) return
      const quote: unknown = await response
        .clone()
        .json()
        .catch(() => undefined)
      const shelved = shelvedOf(quote)
      if (!shelved) return
      const target = new URL(searchParams.get('for') ?? DEFAULT_PATH, request.url).href
      shelf.set(`${target}\n${request.bodyText}`, shelved)
      for (const oldest of shelf.keys()) {
        if (shelf.size <= QUOTES_KEPT) break
        shelf.delete(oldest)
      }
    },
    take(request: ReplayableRequest): Challenge | undefined {
      if (shelf.size === 0 || request.method !== 'POST') return undefined
      const key = `${request.url}\n${request.bodyText ?? ''}`
      const shelved = shelf.get(key)
      if (!shelved) return undefined
      shelf.delete(key)
      return shelved.expiresAtMs - nowMs() > MARGIN_MS ? shelved.challenge : undefined
    },
  }
}

function shelvedOf(quote: unknown): Shelved | undefined {
  if (typeof quote !== 'object' || quote === null) return undefined
  const { object, accepts, expires_at: expiresAt } = quote as Record<string, unknown>
  if (object !== 'quote') return undefined
  const offers = readOffers(accepts)
  const expiresAtMs = typeof expiresAt === 'number' ? expiresAt * 1_000 : Date.parse(String(expiresAt))
  if (offers.length === 0 || !Number.isFinite(expiresAtMs)) return undefined
  return { challenge: { offers }, expiresAtMs }
}
