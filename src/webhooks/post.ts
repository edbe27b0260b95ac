import { isIP, type LookupFunction } from 'node:net'
import { Client } from 'undici'
import { LIMITS } from '../lib/limits.ts'
import type { Target } from './guard.ts'

export type PostResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'unanswered'; readonly errorCode: 'timeout' | 'connection_failed' | 'tls_failed' }
  /** We have stopped it ourselves. */
  | { readonly kind: 'stopped' }

/** Gives the addresses that were looked at, whatever the name says by now: a second answer of the DNS changes nothing. */
const pinned =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }))
    const [first] = found
    if (all) callback(null, found)
    else callback(null, first?.address ?? '', first?.family)
  }

/** Reads what there is of the body, up to its limit, and keeps nothing: an answer ends in good order where it is short. */
async function drain(body: AsyncIterable<Buffer>): Promise<void> {
  let left: number = LIMITS.webhookAnswerBytes
  for await (const chunk of body) {
    left -= chunk.length
    if (left < 0) return
  }
}

const errorCodeOf = (error: unknown): 'connection_failed' | 'tls_failed' => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const isTls = /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO)/.test(
    code,
  )
  return isTls ? 'tls_failed' : 'connection_failed'
}

/**
 * Sends one body to the addresses of a target and to no other. Redirects are not followed, whatever they lead to; of the answer the status
 * counts, its body is looked at by nobody. Never throws.
 *
 * @param signal stops it, when the server stops.
 */
export async function post({
  target: { url, addresses },
  headers,
  body,
  signal,
  answerMs = LIMITS.webhookAnswerMs,
}: {
  target: Target
  headers: Readonly<Record<string, string>>
  body: string
  signal: AbortSignal
  answerMs?: number
}): Promise<PostResult> {
  // A client of its own for each attempt: a connection that is kept would outlive the look at its address.
  const client = new Client(url.origin, {
    connect: { lookup: pinned(addresses), timeout: answerMs },
    maxHeaderSize: LIMITS.webhookAnswerBytes,
    pipelining: 1,
  })
  const timeUp = AbortSignal.timeout(answerMs)
  try {
    const answer = await client.request({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers,
      body,
      signal: AbortSignal.any([signal, timeUp]),
    })
    // The status is the answer; what goes wrong behind it changes nothing.
    await drain(answer.body).catch(() => undefined)
    const retryAfter = answer.headers['retry-after']
    return {
      kind: 'answered',
      status: answer.statusCode,
      ...(typeof retryAfter === 'string' ? { retryAfter } : {}),
    }
  } catch (error) {
    if (signal.aborted) return { kind: 'stopped' }
    return { kind: 'unanswered', errorCode: timeUp.aborted ? 'timeout' : errorCodeOf(error) }
  } finally {
    await client.destroy()
  }
}
