import { LIMITS } from '../../lib/limits.ts'
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

const tooLong = () =>
  new BodyNotReplayableError(
    `The request body is a stream of more than ${MAX_BUFFERED_BYTES} bytes. A paid call is sent twice, which a stream cannot be: pass a string or bytes.`,
  )

function joined({
  parts,
  length,
}: {
  parts: readonly Uint8Array[]
  length: number
}): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return new TextEncoder().encode(chunk)
  if (chunk instanceof Uint8Array) return chunk
  throw new BodyNotReplayableError('The request body is a stream of something else than bytes.')
}

async function collect(chunks: AsyncIterable<unknown>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    const part = bytesOf(chunk)
    length += part.length
    if (length > MAX_BUFFERED_BYTES) throw tooLong()
    parts.push(part)
  }
  return joined({ parts, length })
}

/** Not every browser iterates over streams. */
async function* chunksOf(stream: ReadableStream<unknown>): AsyncGenerator {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** The chunks of a body that can be read only once; undefined where it can be sent as often as one likes. */
function onceOnly(body: unknown): AsyncIterable<unknown> | undefined {
  if (body instanceof ReadableStream) return chunksOf(body)
  const isIterable =
    typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !(body instanceof Blob)
  return isIterable ? (body as AsyncIterable<unknown>) : undefined
}

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
  const bytes = body ? await collect(chunksOf(body)) : undefined
  return {
    url: merged.url,
    method,
    headers,
    signal,
    init: { method, signal, redirect, ...(bytes ? { body: bytes } : {}) },
    ...(bytes ? { bodyText: new TextDecoder().decode(bytes) } : {}),
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
  const chunks = onceOnly(init?.body)
  const body =
    init?.body instanceof FormData
      ? await written({ body: init.body, headers })
      : chunks
        ? await collect(chunks)
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
