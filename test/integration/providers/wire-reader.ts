import { expect } from 'vitest'
import { createSseDecoder } from '../../../src/lib/sse.ts'
import type { Fields, Wire } from './wires.ts'

/** Keys of the faces that want one. */
export const KEYS = { 'x-api-key': 'any', 'x-goog-api-key': 'any' }

type Asked = {
  wire: Wire
  stream: boolean
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** What the bytes so far say. */
function readChunks({ wire, chunks }: { wire: Wire; chunks: readonly Uint8Array[] }) {
  const bytes = Buffer.concat(chunks)
  const decoder = createSseDecoder({ maxLineBytes: 100_000 })
  const events = [...decoder.push(bytes), ...decoder.end()]
  const read = events.flatMap(({ data }) => {
    try {
      return [JSON.parse(data) as Fields]
    } catch {
      return []
    }
  })
  return { raw: bytes.toString(), events, read, tokens: read.map(wire.said).filter((text) => text !== '') }
}

/** Until a stream of which nothing more comes is given up, where more is expected. */
const PATIENCE_MS = 20_000

/** Asks the faces of the simulated provider that is there. */
export function wireReader(origin: () => string) {
  function send({ wire, stream, headers = {}, signal }: Asked): Promise<Response> {
    return fetch(`${origin()}${wire.path(stream)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...KEYS, ...headers },
      body: JSON.stringify(wire.body(stream)),
      ...(signal ? { signal } : {}),
    })
  }

  /** A stream as it came, until it ended or broke, said what was waited for, or was silent for a while. */
  async function readStream({
    wire,
    until,
    ...asked
  }: Omit<Asked, 'stream' | 'signal'> & { until?: RegExp | { silentAfter: number } }) {
    const chunks: Uint8Array[] = []
    let isBroken = false
    const hangUp = new AbortController()
    // Silence is 100 ms after the last word that is expected, however long that one took.
    let silence = setTimeout(() => hangUp.abort(), PATIENCE_MS)
    const listen = () => {
      clearTimeout(silence)
      const isAllSaid =
        until !== undefined &&
        'silentAfter' in until &&
        readChunks({ wire, chunks }).tokens.length >= until.silentAfter
      silence = setTimeout(() => hangUp.abort(), isAllSaid ? 100 : PATIENCE_MS)
    }
    try {
      const response = await send({ wire, stream: true, ...asked, signal: hangUp.signal })
      expect(response.headers.get('content-type')).toContain('text/event-stream')
      listen()
      for await (const chunk of response.body ?? []) {
        chunks.push(chunk)
        listen()
        if (until instanceof RegExp && until.test(Buffer.concat(chunks).toString())) break
      }
    } catch {
      isBroken = true
    } finally {
      clearTimeout(silence)
    }
    const { raw, events, read, tokens } = readChunks({ wire, chunks })
    return {
      isBroken,
      events,
      read,
      raw,
      tokens,
      hasEnd: events.some(wire.isEnd),
      unread: events.length - read.length - (events.at(-1)?.data === '[DONE]' ? 1 : 0),
    }
  }

  return { send, readStream }
}
