import { limitedFetch } from '../limited-fetch.ts'

/** How a network's facilitator is reached. */
export type HostedOptions = {
  /** Without a slash at its end; `/verify`, `/settle` and `/supported` are below it. */
  readonly url: string
  /**
   * Headers that prove who asks, made for each question: a bearer token stands still, others are signed for the path and a minute.
   *
   * @param path `/verify`, `/settle` or `/supported`.
   */
  readonly headersFor?: (path: string) => Promise<Readonly<Record<string, string>>>
}

/**
 * One question over x402's facilitator protocol. The published client is not used: it prints what the facilitator says to stdout, reads
 * answers of any size, and follows redirects.
 *
 * @returns the JSON object of the answer, whatever its status; undefined where there is none.
 */
export async function askFacilitator({
  options: { url, headersFor },
  path,
  body,
  timeoutMs,
}: {
  options: HostedOptions
  path: '/verify' | '/settle' | '/supported'
  /** Absent: asked by GET. */
  body?: string
  timeoutMs: number
}): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const response = await limitedFetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      // A connection that has lain idle may be gone at the moment of the question, and a payment would wait for that.
      headers: { 'content-type': 'application/json', connection: 'close', ...(await headersFor?.(path)) },
      ...(body === undefined ? {} : { body }),
      // A signed payment goes to nobody but the one that was configured.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const answer: unknown = await response.json()
    return typeof answer === 'object' && answer !== null ? { ...answer } : undefined
  } catch {
    return undefined
  }
}
