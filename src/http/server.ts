import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import express, { type Express, type Request, type RequestHandler } from 'express'
import helmet from 'helmet'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { adminRoutes } from './admin/ledger.ts'
import { allow } from './request/allow.ts'
import { requestIdOf } from './answer.ts'
import { cors } from './request/cors.ts'
import type { HttpDependencies } from './dependencies.ts'
import { PAID_PATHS } from './request/dialects.ts'
import { discoveryRoutes } from './discovery/discovery-routes.ts'
import { errorHandler, withRequestId } from './error-handler.ts'
import { mcpRoute } from './mcp/mcp-route.ts'
import { paidRoute } from './calls/paid-route.ts'
import { callsRoutes } from './routes/calls.ts'
import { countTokensRoute } from './routes/count-tokens.ts'
import { creditRoutes } from './routes/credit.ts'
import { feedbackRoute } from './routes/feedback.ts'
import { healthRoutes } from './routes/health.ts'
import { modelsRoutes } from './routes/models.ts'
import { usageRoutes } from './routes/usage.ts'
import { quotesRoute } from './routes/quotes.ts'
import { vouchersRoutes } from './routes/vouchers.ts'

/** The public listener's app: paid routes first, since they are the hot path and need no middleware. */
export function createHttpApp({
  dependencies,
  withAdmin,
}: {
  dependencies: HttpDependencies
  /** Whether the operator's routes share this listener. */
  withAdmin: boolean
}): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('trust proxy', dependencies.trustedProxies)
  app.use(withRequestId(dependencies))
  app.use(cors)
  const paid: RequestHandler = (request, response) =>
    paidRoute({ request, response, requestId: requestIdOf(response), dependencies })
  for (const path of PAID_PATHS.keys()) {
    app.route(path).post(paid).get(paid).head(paid).all(allow('GET, HEAD, POST'))
  }
  app.use(helmet())
  app.use(modelsRoutes(dependencies))
  app.use(callsRoutes(dependencies))
  app.use(creditRoutes(dependencies))
  app.use(usageRoutes(dependencies))
  app.use(countTokensRoute(dependencies))
  app.use(quotesRoute(dependencies))
  app.use(vouchersRoutes(dependencies))
  app.use(feedbackRoute(dependencies))
  app.use(discoveryRoutes(dependencies))
  app.use(mcpRoute({ app, dependencies }))
  app.use(healthRoutes(dependencies))
  if (withAdmin) app.use('/admin/v1', adminRoutes(dependencies))
  app.use((request: Request) => {
    throw new TurnpikeError('not_found', {
      message: `There is nothing at ${request.method} ${request.path}.`,
    })
  })
  app.use(errorHandler(dependencies))
  return app
}

export type Listener = { readonly url: string; readonly port: number; readonly close: () => Promise<void> }

/** Listens; `close` stops taking calls, lets those that run finish, and ends idle connections. */
export async function listen({
  app,
  port,
  host,
}: {
  app: Express
  port: number
  host: string
}): Promise<Listener> {
  const server = createServer(app)
  // Agents keep connections; a server that closes first makes their next call fail.
  server.keepAliveTimeout = 75_000
  const connections = trackConnections(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    close: () => closeServer({ server, connections }),
  }
}

const DRAIN_MS = 10_000
const LOOK_MS = 20

/** Every connection that is open. */
function trackConnections(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return open
}

function closeServer({
  server,
  connections,
}: {
  server: Server
  connections: ReadonlySet<Socket>
}): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    // A connection is idle again when its answer has ended; nobody tells.
    const look = setInterval(() => server.closeIdleConnections(), LOOK_MS)
    server.close(() => {
      clearTimeout(force)
      clearInterval(look)
      resolve()
    })
    // Clients open connections in advance. Node does not count those on which nothing was ever sent among the idle ones, so that
    // each of them would hold up the stop until its time is over.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
  })
}
