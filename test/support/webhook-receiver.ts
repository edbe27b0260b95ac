import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { waitUntil } from './wait-until.ts'

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string }

/** A program that takes webhooks, on a free port of this machine. */
export async function startReceiver() {
  const received: Received[] = []
  let answer: (response: ServerResponse, number: number) => void = (response) => response.end()
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    received.push({ headers: request.headers, body })
    answer(response, received.length)
  }
  const server = createServer((request, response) => void take(request, response))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    /** What it answers from here on; the number counts requests from 1. */
    setAnswer(next: typeof answer) {
      answer = next
    },
    setStatus(status: number, headers: Readonly<Record<string, string>> = {}) {
      answer = (response) => response.writeHead(status, headers).end()
    },
    reset() {
      received.length = 0
      answer = (response) => response.end()
    },
    untilReceived: (count: number) =>
      waitUntil({ what: `${count} webhooks`, isSo: () => received.length >= count }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>

/** What a receiver does first: the published verifier's word on it. @throws where the signature is not good. */
export function verified({ body, headers }: Received, secret: string) {
  const named = (name: string) => String(headers[name])
  return new Webhook(secret).verify(body, {
    'webhook-id': named('webhook-id'),
    'webhook-timestamp': named('webhook-timestamp'),
    'webhook-signature': named('webhook-signature'),
  }) as { type: string; timestamp: string; data: Record<string, unknown> }
}
