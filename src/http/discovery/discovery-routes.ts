import { type Request, type Response, Router } from 'express'
import { allow } from '../request/allow.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { buildLlmsText } from './llms-text.ts'
import { buildOpenApi } from './open-api.ts'
import { buildWellKnown } from './well-known.ts'

/** Public and the same for everybody who reaches us by this name; prices and offers in it change rarely. */
const PUBLIC = { 'cache-control': 'public, max-age=60', vary: 'Host' } as const

/** GET /openapi.json, /.well-known/x402 and /llms.txt: how a stranger finds out what is sold here. And whose webhooks these are. */
export function discoveryRoutes(dependencies: HttpDependencies): Router {
  const router = Router()
  const { call, publicUrl, webhookKeys } = dependencies
  let openApi: ReturnType<typeof buildOpenApi> | undefined
  const get = (path: string, answer: (request: Request, response: Response) => void) =>
    router.route(path).get(answer).all(allow('GET, HEAD'))

  get('/openapi.json', (request, response) => {
    // Made when it is first asked for: a catalogue and its prices never change while a server runs.
    openApi ??= buildOpenApi({ call })
    const url = publicUrl(request)
    const discovery = { llmsTxtUrl: `${url}/llms.txt` }
    const body = { ...openApi, servers: [{ url }], 'x-discovery': discovery }
    sendJson({ response, status: 200, body, headers: PUBLIC })
  })
  get('/.well-known/x402', (request, response) => {
    const body = buildWellKnown({ url: publicUrl(request), call })
    sendJson({ response, status: 200, body, headers: PUBLIC })
  })
  if (webhookKeys) {
    get('/.well-known/webhook-keys.json', (_request, response) => {
      sendJson({ response, status: 200, body: { keys: webhookKeys }, headers: PUBLIC })
    })
  }
  get('/llms.txt', (request, response) => {
    const text = buildLlmsText({ url: publicUrl(request), call })
    response.writeHead(200, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(text).toString(),
      ...PUBLIC,
    })
    response.end(text)
  })
  return router
}
