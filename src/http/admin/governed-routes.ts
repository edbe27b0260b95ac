import { Router } from 'express'
import { allow } from '../request/allow.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { allRoutes } from './all-routes.ts'
import { buildAdminOpenApi } from './open-api.ts'
import type { AdminRoute } from './route.ts'
import { serveRoute } from './serve-route.ts'
import { SESSION_OPERATIONS } from '../sessions/session-operations.ts'
import { sessionRoutes } from '../sessions/session-routes.ts'
import { whoAsks } from './who-asks.ts'

/** `/admin/v1/*` for organisations: each route asks for its own permission, so keys are let in where the operator's token is not needed. */
export function governedRoutes(dependencies: HttpDependencies): Router {
  const router = Router()
  const routes = allRoutes(dependencies)
  if (dependencies.signIn) router.use(sessionRoutes(dependencies, dependencies.signIn))
  for (const route of routes) router[route.method](route.path, serveRoute({ route, dependencies }))
  const sessions = dependencies.signIn ? SESSION_OPERATIONS : []
  const document = buildAdminOpenApi({ routes, sessions })
  router.get('/openapi.json', async (request, response) => {
    await whoAsks({ request, dependencies })
    const url = `${dependencies.publicUrl(request)}/admin/v1`
    sendJson({ response, status: 200, body: { ...document, servers: [{ url }] } })
  })
  for (const [path, methods] of Map.groupBy(routes, (route: AdminRoute) => route.path))
    router.all(path, allow(methodsOf(methods)))
  return router
}

const methodsOf = (routes: readonly AdminRoute[]) => {
  const names = routes.map(({ method }) => method.toUpperCase())
  return (names.includes('GET') ? ['HEAD', ...names] : names).toSorted().join(', ')
}
