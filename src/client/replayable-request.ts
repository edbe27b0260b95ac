import { LIMITS } from '../lib/limits.ts'
import { BodyNotReplayableError } from './errors.ts'

/** A request that can be sent any number of times with the same bytes: a paid call is sent at least twice. */
export type ReplayableRequest = {
  readonly url: string
  readonly method: string
  readonly init: RequestInit
  readonly headers: Headers
  readonly signal?: AbortSignal
  /** The body as text where it is one: names the same request again. */
  readonly bodyText?: string
}

/** A stream up to this size is kept in memory, a larger one refused. */
const MAX_BUFFERED_BYTES = LIMITS.bodyBytes

async function collect({
  chunks,
  limit,
}: {
  chunks: AsyncIterable<unknown>
  limit: number
}): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    const part =
      typeof chunk === 'string'
        ? Buffer.from(chunk)
        : chunk instanceof Uint8Array
          ? Buffer.from(chunk)
          : undefined
    if (!part) throw new BodyNotReplayableError('The request body is a stream of something else than bytes.')
    length += part.length
    if (length > limit) {
      throw new BodyNotReplayableError(
        `The request body is a stream of more than ${limit} bytes. A paid call is sent twice, which a stream cannot be: pass a string or bytes.`,
      )
    }
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

const isStream = (body: unknown): body is AsyncIterable<unknown> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !(body instanceof Blob)

/** A form gets a new boundary each time it is sent, so it is written out once. */
async function written({
  body,
  headers,
}: {
  body: FormData
  headers: Headers
}): Promise<Uint8Array<ArrayBuffer>> {
  const response = new Response(body)
  headers.set('content-type', response.headers.get('content-type') ?? 'multipart/form-data')
  return new Uint8Array(await response.arrayBuffer())
}

async function fromRequest({
  request,
  init,
}: {
  request: Request
  init: RequestInit | undefined
}): Promise<ReplayableRequest> {
  const merged = new Request(request, init)
  const { method, headers, signal, redirect, body } = merged
  const bytes = body ? await collect({ chunks: body, limit: MAX_BUFFERED_BYTES }) : undefined
  return {
    url: merged.url,
    method,
    headers,
    signal,
    init: { method, signal, redirect, ...(bytes ? { body: bytes } : {}) },
    ...(bytes ? { bodyText: Buffer.from(bytes).toString('latin1') } : {}),
  }
}

/**
 * Reads the arguments of a `fetch` into something that can be sent again. Strings, bytes, blobs and parameters are taken
 * as they are; forms, Request bodies and streams are read into memory, up to 10 MiB.
 *
 * @throws BodyNotReplayableError for a longer stream; nothing was sent.
 */
export async function replayable({
  input,
  init,
}: {
  input: string | URL | Request
  init?: RequestInit | undefined
}): Promise<ReplayableRequest> {
  if (input instanceof Request) return fromRequest({ request: input, init })
  const headers = new Headers(init?.headers)
  const { duplex: _duplex, ...rest } = (init ?? {}) as RequestInit & { duplex?: unknown }
  const body =
    init?.body instanceof FormData
      ? await written({ body: init.body, headers })
      : isStream(init?.body)
        ? await collect({ chunks: init.body, limit: MAX_BUFFERED_BYTES })
        : init?.body
  return {
    url: String(input),
    method: (init?.method ?? 'GET').toUpperCase(),
    headers,
    init: { ...rest, ...(body === undefined ? {} : { body }) },
    ...(init?.signal ? { signal: init.signal } : {}),
    ...(typeof body === 'string' ? { bodyText: body } : {}),
  }
}
