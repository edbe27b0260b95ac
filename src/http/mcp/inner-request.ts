import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as sendRequest,
  type RequestListener,
} from 'node:http'
import { duplexPair } from 'node:stream'

export type InnerRequest = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Whom the request counts for. */
  readonly remoteAddress: string
  /** The caller has gone: so is this request, and what runs for it ends as it does for any caller. */
  readonly signal: AbortSignal
}

export type InnerAnswer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/**
 * A way into our own routes without a port: real HTTP over a pair of streams in memory. What is asked here passes every check of a
 * request that comes from outside, in the same order.
 */
export function openInnerDoor(app: RequestListener): (request: InnerRequest) => Promise<InnerAnswer> {
  const server = createServer(app)
  return ({ method, path, headers, body, remoteAddress, signal }) => {
    const [near, far] = duplexPair()
    Object.defineProperty(far, 'remoteAddress', { value: remoteAddress })
    // Each side learns that the other has gone, as the ends of a socket do.
    near.once('close', () => far.destroy())
    far.once('close', () => {
      if (!far.writableFinished) near.destroy(new Error('The inner connection broke off.'))
    })
    server.emit('connection', far)
    return new Promise((resolve, reject) => {
      const options = { method, path, headers, signal, createConnection: () => near }
      const request = sendRequest(options, (response) => {
        readAnswer(response).then(resolve, reject)
      })
      request.once('error', reject)
      request.end(body)
    })
  }
}

async function readAnswer(response: IncomingMessage): Promise<InnerAnswer> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const { statusCode = 0, headers } = response
  return { status: statusCode, headers, body: Buffer.concat(chunks).toString() }
}
