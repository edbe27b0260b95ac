import type { UpstreamEnd } from '../chat/types.ts'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>
type Names = { readonly limit: string; readonly remaining: string; readonly reset: string }

const openAi = (what: string): Names => ({
  limit: `x-ratelimit-limit-${what}`,
  remaining: `x-ratelimit-remaining-${what}`,
  reset: `x-ratelimit-reset-${what}`,
})
const anthropic = (what: string): Names => ({
  limit: `anthropic-ratelimit-${what}-limit`,
  remaining: `anthropic-ratelimit-${what}-remaining`,
  reset: `anthropic-ratelimit-${what}-reset`,
})

/** OpenAI's names, which most providers have taken over, and Anthropic's. */
const ALLOWANCES: readonly Names[] = [
  ...['requests', 'tokens'].map(openAi),
  ...['requests', 'tokens', 'input-tokens', 'output-tokens'].map(anthropic),
]

/** Where nothing is said: allowances are by the minute nearly everywhere. */
const USUAL_RESET_MS = 60_000
const LONGEST_RESET_MS = 3_600_000

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

const textIn = (headers: Headers, name: string) => {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}

/** Reads `6m0s`, `17ms`, seconds, or a date. */
function resetMs(value: string, nowMs: number): number {
  const within = (ms: number) => Math.min(Math.max(0, ms), LONGEST_RESET_MS)
  if (/^\d{1,9}(?:\.\d{1,6})?$/.test(value)) return within(Number(value) * 1_000)
  if (/^(?:\d{1,6}(?:\.\d{1,6})?(?:ms|s|m|h))+$/.test(value)) {
    const parts = [...value.matchAll(/([\d.]+)(ms|s|m|h)/g)]
    return within(parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS_MS[unit] ?? 0), 0))
  }
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? USUAL_RESET_MS : within(atMs - nowMs)
}

const countIn = (value: string) => (/^\d{1,15}$/.test(value) ? Number(value) : undefined)

/**
 * What a provider's headers say of our allowance: of all that it counts, the one of which the smallest share is left.
 *
 * @returns undefined where it says nothing.
 */
export function readHeadroom({
  headers,
  nowMs,
}: {
  headers: Headers
  nowMs: number
}): UpstreamEnd['headroom'] {
  let tightest: UpstreamEnd['headroom']
  for (const { limit, remaining, reset } of ALLOWANCES) {
    const [most, left] = [countIn(textIn(headers, limit)), countIn(textIn(headers, remaining))]
    if (most === undefined || left === undefined || most === 0) continue
    const share = Math.min(1, left / most)
    if (!tightest || share < tightest.share)
      tightest = { share, resetAfterMs: resetMs(textIn(headers, reset), nowMs) }
  }
  return tightest
}
