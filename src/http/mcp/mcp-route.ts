import type { RequestListener } from 'node:http'
import { type Request, type Response, Router } from 'express'
import { allow } from '../request/allow.ts'
import { PRIVATE, requestIdOf, sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { hangUpSignal } from '../calls/hang-up.ts'
import { readBody } from '../request/read-body.ts'
import { openInnerDoor } from './inner-request.ts'
import type { Ask } from './tool.ts'

/** What a tool's own request takes over from the message: who asks, by which name it reached us, and how it is let in. */
const HANDED_ON = [
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'authorization',
  'x-api-key',
  'x-turnpike-receipt',
] as const

/**
 * POST /mcp: our routes as tools of the Model Context Protocol, one message a request. A paid tool asks the paid route, so there is one
 * way by which money moves.
 *
 * @param app the server's own app.
 */
export function mcpRoute({
  app,
  dependencies,
}: {
  app: RequestListener
  dependencies: HttpDependencies
}): Router {
  const askInside = openInnerDoor(app)
  const router = Router()
  router
    .route('/mcp')
    .post((request, response) => answerMcp({ request, response, askInside, dependencies }))
    .all(allow('POST'))
  return router
}

async function answerMcp({
  request,
  response,
  askInside,
  dependencies,
}: {
  request: Request
  response: Response
  askInside: ReturnType<typeof openInnerDoor>
  dependencies: HttpDependencies
}): Promise<void> {
  const message = readMessage(await readBody(request))
  if ('fault' in message) {
    const body = { jsonrpc: '2.0', id: null, error: message.fault }
    return sendJson({ response, status: 400, body })
  }
  const hangUp = hangUpSignal({ response })
  // The SDK never comes back to an answer that its caller did not wait for.
  response.once('close', hangUp.done)
  const requestId = requestIdOf(response)
  const ask: Ask = ({ headers = {}, ...asked }) =>
    askInside({
      ...asked,
      headers: {
        ...handedOn(request),
        'content-type': 'application/json',
        'x-request-id': requestId,
        ...headers,
      },
      remoteAddress: request.socket.remoteAddress ?? '',
      signal: hangUp.signal,
    })
  const onFault = (error: unknown) => dependencies.onError({ error, requestId, path: request.path })
  for (const [name, value] of Object.entries(PRIVATE)) response.setHeader(name, value)
  // The SDK takes time to load, and most servers are never asked.
  const { answerMessage } = await import('./mcp-server.ts')
  await answerMessage({ request, response, message: message.value, ask, onFault })
}

const handedOn = ({ headers }: Request): Record<string, string> =>
  Object.fromEntries(
    HANDED_ON.flatMap((name) => {
      const value = headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )

type Message =
  | { readonly value: unknown }
  | { readonly fault: { readonly code: number; readonly message: string } }

/** One message: many in one request would be many calls for the price of one look at the caller. */
function readMessage(body: Buffer): Message {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    return { fault: { code: -32_700, message: 'The body is not JSON.' } }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value }
  return { fault: { code: -32_600, message: 'Send one JSON-RPC message a request.' } }
}
