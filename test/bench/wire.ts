import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** One HTTP request as the bytes that go out: made ahead of time, so that sending costs the load generator nothing. */
export function requestBytes({
  body,
  payment,
  path = '/v1/chat/completions',
}: {
  body: string
  /** The value of `PAYMENT-SIGNATURE`. */
  payment?: string
  path?: string
}): Buffer {
  const lines = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(payment === undefined ? [] : [`payment-signature: ${payment}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

export type Answer = {
  readonly status: number
  readonly head: string
  /** As it came; a chunked body still has its chunk sizes in it. */
  readonly body: string
  /** From the moment of sending to the first byte of an event of the stream, or of the answer. */
  readonly firstByteMs: number
  /** Reads of the socket that brought content of a stream. */
  readonly contentReads: number
  readonly totalMs: number
}

/** One kept connection. A client of Node's own would hide how many reads an answer took, and would cost more than the server. */
export type Wire = { readonly exchange: (request: Buffer) => Promise<Answer>; readonly close: () => void }

export async function openWire({ port }: { port: number }): Promise<Wire> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await once(socket, 'connect')
  return { exchange: (request) => exchange({ socket, request }), close: () => socket.destroy() }
}

const EVENT = 'data: {'
const HEAD_END = '\r\n\r\n'
const STREAM_END = '0\r\n\r\n'

/** How long the body is, once the head has come; Infinity where it is chunked. */
const lengthOf = (head: string) =>
  Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.POSITIVE_INFINITY)

function exchange({ socket, request }: { socket: Socket; request: Buffer }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let received = ''
    let bodyAt = -1
    let expected = Number.POSITIVE_INFINITY
    let firstByteMs = 0
    let contentReads = 0
    const startedMs = performance.now()

    const finish = () => {
      socket.off('data', take).off('error', reject).off('close', broken)
      const head = received.slice(0, bodyAt)
      resolve({
        status: Number(head.slice(9, 12)),
        head,
        body: received.slice(bodyAt),
        firstByteMs,
        contentReads,
        totalMs: performance.now() - startedMs,
      })
    }
    const take = (bytes: Buffer) => {
      const text = bytes.toString('latin1')
      received += text
      if (bodyAt < 0) {
        const end = received.indexOf(HEAD_END)
        if (end < 0) return
        bodyAt = end + HEAD_END.length
        expected = bodyAt + lengthOf(received.slice(0, bodyAt))
      }
      const hasEvent = text.includes(EVENT)
      if (hasEvent) contentReads += 1
      if (firstByteMs === 0 && (hasEvent || Number.isFinite(expected)))
        firstByteMs = performance.now() - startedMs
      const isWhole = Number.isFinite(expected) ? received.length >= expected : received.endsWith(STREAM_END)
      if (isWhole) finish()
    }
    const broken = () => reject(new Error('The server closed the connection in mid-answer.'))
    socket.on('data', take).on('error', reject).on('close', broken)
    socket.write(request)
  })
}

/**
 * Sends all requests, `inFlight` at a time, each on a connection that is kept.
 *
 * @returns the answers in the order of the requests, and the time that all of them took.
 */
export async function sendAll({
  port,
  requests,
  inFlight,
}: {
  port: number
  requests: readonly Buffer[]
  inFlight: number
}): Promise<{ readonly answers: readonly Answer[]; readonly wallMs: number }> {
  const wires = await Promise.all(Array.from({ length: inFlight }, () => openWire({ port })))
  const answers: Answer[] = []
  let next = 0
  const startedMs = performance.now()
  await Promise.all(
    wires.map(async (wire) => {
      for (let index = next++; index < requests.length; index = next++) {
        answers[index] = await wire.exchange(requests[index] as Buffer)
      }
    }),
  )
  const wallMs = performance.now() - startedMs
  for (const wire of wires) wire.close()
  return { answers, wallMs }
}

/** @throws Error with the first answer that has another status: a bench of failures measures nothing. */
export function demandStatus(answers: readonly Answer[], status: number): void {
  const other = answers.find((answer) => answer.status !== status)
  if (other)
    throw new Error(`An answer had status ${other.status} instead of ${status}: ${other.body.slice(0, 600)}`)
}
