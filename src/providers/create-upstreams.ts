import { Pool } from 'undici'
import type { Upstreams } from '../call/ports.ts'
import type { Provider } from '../catalog/types.ts'
import type { PrefixStyle, UpstreamDialect } from '../chat/dialect-limits.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import { type Door, doorWith, doorWithKeys } from './doors.ts'
import { createKeyRing } from './key-ring.ts'
import type { UpstreamTimeouts } from './openai-compatible.ts'
import { readKeys } from './read-keys.ts'

const DEFAULT_TIMEOUTS: UpstreamTimeouts = {
  connectMs: LIMITS.connectMs,
  firstContentMs: LIMITS.firstContentMs,
  betweenChunksMs: LIMITS.betweenChunksMs,
  answerMs: LIMITS.callSeconds * 1_000,
}

/** An idle connection is kept this long, unless the provider announces less. */
const KEEP_ALIVE_MS = 30_000

/** A provider with a way to it in each dialect that it speaks. */
type Reached = {
  readonly usual: UpstreamDialect
  readonly doors: ReadonlyMap<UpstreamDialect, Door>
  readonly continues: PrefixStyle | undefined
}

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

/**
 * Opens the way to the providers: one pool of connections per origin. A provider that names a key variable is reachable
 * only where the key is there.
 *
 * @param keys reads the keys of a provider (see read-keys) by the name of their variable; asked once per provider.
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
  const reached = new Map<string, Reached>()

  const poolAt = ({ id, baseUrl }: Provider): Pool => {
    const { origin, protocol } = new URL(baseUrl)
    if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${id}: baseUrl must be http(s)`)
    const pool = pools.get(origin) ?? openPool(origin, clocks.connectMs)
    pools.set(origin, pool)
    return pool
  }

  for (const provider of providers) {
    const { id, dialect: usual, baseUrl: usualUrl, otherBaseUrls = {}, apiKeyVariable } = provider
    const given = apiKeyVariable === undefined ? [] : readKeys(keys(apiKeyVariable) ?? '')
    if (apiKeyVariable !== undefined && given.length === 0) continue
    const ring = createKeyRing({ keys: given, nowMs: () => performance.now() })
    const urls = { ...otherBaseUrls, [usual]: usualUrl }
    const doors = new Map(
      (Object.entries(urls) as [UpstreamDialect, string][]).map(([dialect, baseUrl]) => {
        const spoken = { ...provider, dialect, baseUrl }
        const place = { provider: spoken, pool: poolAt(spoken), timeouts: clocks }
        return [dialect, given.length === 0 ? doorWith(place, undefined) : doorWithKeys({ place, ring })]
      }),
    )
    reached.set(id, { usual, doors, continues: provider.continues })
  }

  const dialectOf: Upstreams['dialectOf'] = ({ providerId, dialect }) => {
    const { usual = 'openai', doors } = reached.get(providerId) ?? {}
    return dialect !== undefined && doors?.has(dialect) ? dialect : usual
  }

  const dispatch: Upstreams['dispatch'] = async (request) => {
    const door = reached.get(request.endpoint.providerId)?.doors.get(dialectOf(request.endpoint))
    if (!door) {
      throw new TurnpikeError('upstream_error', { message: 'This server has no way to that provider.' })
    }
    return door(request)
  }

  return {
    dispatch,
    isReachable: (providerId) => reached.has(providerId),
    dialectOf,
    prefixAt: ({ providerId }) => reached.get(providerId)?.continues,
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}
