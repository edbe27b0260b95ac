import { Router } from 'express'
import { PRIVATE, sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'

/** /healthz: the process lives. /readyz: it can take calls, each dependency with its time. /metrics: Prometheus text. */
export function healthRoutes({ checkReadiness, readMetrics }: HttpDependencies): Router {
  const router = Router()
  router.get('/healthz', (_request, response) => sendJson({ response, status: 200, body: { status: 'ok' } }))
  router.get('/readyz', async (_request, response) => {
    const checks = await checkReadiness()
    const isReady = checks.every(({ ok }) => ok)
    const body = {
      status: isReady ? 'ready' : 'not_ready',
      checks: checks.map(({ durationMs, ...check }) => ({ ...check, duration_ms: durationMs })),
    }
    sendJson({ response, status: isReady ? 200 : 503, body })
  })
  router.get('/metrics', async (_request, response) => {
    const { contentType, text } = await readMetrics()
    response.writeHead(200, { 'content-type': contentType, ...PRIVATE })
    response.end(text)
  })
  return router
}
