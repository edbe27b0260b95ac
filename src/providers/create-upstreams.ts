import { Pool } from 'undici'
import type { Upstreams } from '../call/ports.ts'
import type { Provider } from '../catalog/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import { dispatchOpenAi, type UpstreamTimeouts } from './openai-compatible.ts'
import { SPOKEN_DIALECTS } from './spoken-dialects.ts'

const DEFAULT_TIMEOUTS: UpstreamTimeouts = {
  connectMs: LIMITS.connectMs,
  firstContentMs: LIMITS.firstContentMs,
  betweenChunksMs: LIMITS.betweenChunksMs,
  answerMs: LIMITS.callSeconds * 1_000,
}

/** An idle connection is kept this long, unless the provider announces less. */
const KEEP_ALIVE_MS = 30_000

/** Where one provider is and what every request to it carries. */
type Door = { readonly pool: Pool; readonly path: string; readonly headers: readonly string[] }

function openPool(origin: string, connectMs: number): Pool {
  return new Pool(origin, {
    connections: LIMITS.upstreamConnections,
    // An answer takes seconds: a second request behind it on the same connection would wait for all of them.
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: connectMs, noDelay: true },
    // undici's clocks count any byte as life; the exchange has its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
}

function headersFor(key: string | undefined): readonly string[] {
  const headers = [
    'content-type',
    'application/json',
    'accept-encoding',
    'identity',
    'user-agent',
    'turnpike',
  ]
  return key === undefined ? headers : [...headers, 'authorization', `Bearer ${key}`]
}

/**
 * Opens the way to the providers: one pool of connections per origin. A provider that names a key variable is reachable
 * only where the key is there.
 *
 * @param keys reads a key by the name of its variable; asked once per provider. Keys go into the request header only.
 * @param timeouts replace the defaults of lib/limits.
 * @throws TypeError for a base URL that is not http or https.
 */
export function createUpstreams({
  providers,
  keys,
  timeouts = {},
}: {
  providers: readonly Provider[]
  keys: (variable: string) => string | undefined
  timeouts?: Partial<UpstreamTimeouts>
}): Upstreams & { readonly close: () => Promise<void> } {
  const clocks = { ...DEFAULT_TIMEOUTS, ...timeouts }
  const pools = new Map<string, Pool>()
  const doors = new Map<string, Door>()

  for (const { id, dialect, baseUrl, apiKeyVariable } of providers) {
    if (!SPOKEN_DIALECTS.includes(dialect)) continue
    const key = apiKeyVariable === undefined ? undefined : keys(apiKeyVariable)
    if (apiKeyVariable !== undefined && !key) continue
    const { origin, pathname, protocol } = new URL(baseUrl)
    if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${id}: baseUrl must be http(s)`)
    const pool = pools.get(origin) ?? openPool(origin, clocks.connectMs)
    pools.set(origin, pool)
    doors.set(id, {
      pool,
      path: `${pathname.replace(/\/+$/, '')}/chat/completions`,
      headers: headersFor(key),
    })
  }

  const dispatch: Upstreams['dispatch'] = async (request) => {
    const door = doors.get(request.endpoint.providerId)
    if (!door) {
      throw new TurnpikeError('upstream_error', { message: 'This server has no way to that provider.' })
    }
    const { pool, path, headers } = door
    return dispatchOpenAi({ dispatcher: pool, path, headers, request, timeouts: clocks })
  }

  return {
    dispatch,
    isReachable: (providerId) => doors.has(providerId),
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}
