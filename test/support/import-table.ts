/**
 * Who may import whom; test/architecture.test.ts holds the sources to it and docs/ARCHITECTURE.md shows it. Imports run downhill; a room that is missing here may import nothing.
 * `pure` stands for every pure room, `lib` included.
 */
export const PURE: readonly string[] = [
  'lib',
  'chat',
  'ledger',
  'governance',
  'catalog',
  'pricing',
  'routing',
  'payment',
]
export const ADAPTER: readonly string[] = ['call', 'settlement', 'facilitator', ...PURE, 'config']
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  chat: ['lib'],
  ledger: ['lib'],
  governance: ['lib'],
  config: ['lib'],
  catalog: ['lib', 'chat'],
  pricing: ['lib', 'chat', 'catalog'],
  routing: ['lib', 'chat', 'catalog', 'pricing'],
  payment: ['lib'],
  settlement: PURE,
  call: ['settlement', ...PURE],
  facilitator: ['lib', 'payment'],
  providers: ADAPTER,
  chain: ADAPTER,
  storage: ADAPTER,
  queue: ADAPTER,
  telemetry: ADAPTER,
  webhooks: ADAPTER,
  identity: ADAPTER,
  http: ADAPTER,
  client: ['lib', 'payment'],
  dev: ['lib', 'chat', 'payment', 'config'],
  app: [
    ...ADAPTER,
    'providers',
    'chain',
    'storage',
    'queue',
    'telemetry',
    'webhooks',
    'identity',
    'http',
    'client',
  ],
  cli: ['app', 'config', 'lib', 'client'],
  'main.ts': ['app', 'config', 'lib', 'client', 'cli'],
  'index.ts': ['app', 'config', 'lib', 'client'],
}

/** Outside packages have one door each. */
export const DOORS: Readonly<Record<string, readonly string[]>> = {
  viem: ['chain', 'dev', 'client'],
  secp256k1: ['payment'],
  '@bitauth/libauth': ['payment'],
  'js-sha3': ['payment'],
  express: ['http'],
  helmet: ['http'],
  '@modelcontextprotocol/sdk': ['http'],
  bullmq: ['queue'],
  ioredis: ['queue'],
  pg: ['storage'],
  '@electric-sql/pglite': ['storage'],
  'drizzle-orm': ['storage'],
  '@x402/core': ['payment', 'chain', 'client'],
  '@x402/evm': ['payment', 'chain', 'client'],
  undici: ['providers', 'webhooks'],
  'ipaddr.js': ['webhooks'],
  'openid-client': ['identity'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
}

/** The only files outside a room that may take something from dev: the laptop's world. */
export const DEV_DOORS = ['src/cli/load-dev-world.ts']
