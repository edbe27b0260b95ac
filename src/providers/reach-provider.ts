import type { UpstreamDialect } from '../chat/dialect-limits.ts'
import type { Provider } from '../catalog/types.ts'

export type ProviderSight =
  | { readonly kind: 'silent'; readonly why: 'timeout' | 'unreachable' }
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly elapsedMs: number
      /** Its `Date` header, and our clock when it came; milliseconds since 1970. */
      readonly dateMs?: number
      readonly arrivedAtMs: number
    }

/** The key goes where the dialect wants it and nowhere else. */
const keyHeaders: Record<UpstreamDialect, (key: string) => Readonly<Record<string, string>>> = {
  openai: (key) => ({ authorization: `Bearer ${key}` }),
  anthropic: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  google: (key) => ({ 'x-goog-api-key': key }),
}

/**
 * Asks a provider for its list of models, which costs no tokens. Never throws; what the provider says is not read.
 *
 * @param key absent where the provider asks for none.
 */
export async function reachProvider({
  provider: { baseUrl, dialect },
  key,
  timeoutMs,
}: {
  provider: Provider
  key: string | undefined
  timeoutMs: number
}): Promise<ProviderSight> {
  const startedAtMs = performance.now()
  try {
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
      headers: { 'user-agent': 'turnpike', ...(key === undefined ? {} : keyHeaders[dialect](key)) },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const arrivedAtMs = Date.now()
    const elapsedMs = Math.round(performance.now() - startedAtMs)
    await response.body?.cancel()
    const dateMs = Date.parse(response.headers.get('date') ?? '')
    const date = Number.isNaN(dateMs) ? {} : { dateMs }
    return { kind: 'answered', status: response.status, elapsedMs, arrivedAtMs, ...date }
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    return { kind: 'silent', why: isLate ? 'timeout' : 'unreachable' }
  }
}
