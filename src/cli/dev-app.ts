import { createHash } from 'node:crypto'
import { type App, type AppOptions, openApp } from '../app/open-app.ts'
import type { Config, Environment } from '../config/read-config.ts'
import { apiKeyOptions } from '../app/options/api-keys.ts'
import { DEV_NETWORK, devTerms, providersOf } from '../app/options/defaults.ts'
import { keyOfSeed } from '../app/checkpoint-signer.ts'
import { walletGateOf } from '../app/options/wallet-gate.ts'
import { loadCatalog } from '../app/options/load-catalog.ts'

/** What dev, demo and the tests need to know of the laptop's world; structural, so that only they import the dev room. */
export type DevWorldFacts = {
  readonly chain: {
    readonly rpcUrl: string
    readonly usdc: string
    readonly usdt: string
    readonly genesisHash: string
  }
  /** Without its origin only the OpenAI dialect is spoken to it. */
  readonly provider: { readonly url: string; readonly origin?: string }
  readonly payTo: `0x${string}`
  readonly keys: AppOptions['keys']
  readonly addresses: {
    readonly signer: `0x${string}`
    readonly till: `0x${string}`
    readonly receiverAuthorizer: `0x${string}`
  }
}

/** A secret that survives restarts of the same dev world without being written anywhere. It protects play money. */
const devSecret = (genesisHash: string) =>
  createHash('sha256').update(`turnpike dev ${genesisHash}`).digest('hex')

export const devAdminToken = (genesisHash: string) => `dev-${devSecret(`admin ${genesisHash}`).slice(0, 40)}`

const devAuditKey = (genesisHash: string) => keyOfSeed(Buffer.from(devSecret(`audit ${genesisHash}`), 'hex'))

/** The server of dev and demo: everything embedded, on the dev chain, answered by the simulated provider. */
export function openDevApp({
  config,
  environment = process.env,
  world,
  overrides = {},
}: {
  config: Config
  /** Has the keys of real providers, where they are used. */
  environment?: Environment
  world: DevWorldFacts
  overrides?: Partial<AppOptions>
}): Promise<App> {
  const simulated = config.TURNPIKE_SIM === 'on'
  return openApp({
    port: config.PORT,
    host: config.HOST,
    region: config.TURNPIKE_REGION,
    place: config.DATABASE_URL
      ? { databaseUrl: config.DATABASE_URL }
      : { dataDirectory: `${config.TURNPIKE_DATA_DIR}/ledger` },
    ...(config.REDIS_URL ? { redisUrl: config.REDIS_URL } : {}),
    catalog: loadCatalog({ simulated, path: config.TURNPIKE_CATALOG_FILE }),
    providers: providersOf({
      environment,
      ...(simulated ? { simulated: world.provider } : {}),
    }),
    providerKey: (variable) => environment[variable],
    networks: [
      { network: DEV_NETWORK, rpcUrls: [world.chain.rpcUrl], finality: { kind: 'depth', blocks: 0 } },
    ],
    keys: world.keys,
    apiKeys: apiKeyOptions({ config, authorizerKey: world.keys.receiverAuthorizer, isTest: true }),
    walletGate: walletGateOf(config),
    terms: devTerms({ config, world }),
    sponsoredPermitsPerDay: config.TURNPIKE_SPONSORED_PERMITS,
    sponsoredApprovalsPerDay: config.TURNPIKE_SPONSORED_APPROVALS,
    secret: devSecret(world.chain.genesisHash),
    webhooks: {
      secret: config.TURNPIKE_WEBHOOK_SECRET ?? devSecret(`webhooks ${world.chain.genesisHash}`),
      ...(config.TURNPIKE_WEBHOOK_KEY ? { key: config.TURNPIKE_WEBHOOK_KEY } : {}),
      isDev: true,
    },
    marginBps: config.TURNPIKE_MARGIN_BPS,
    defaultOutputTokens: config.TURNPIKE_DEFAULT_OUTPUT_TOKENS,
    freeCallsPerMinute: config.TURNPIKE_FREE_CALLS_PER_MINUTE,
    unpaidPerMinute: config.TURNPIKE_UNPAID_PER_MINUTE,
    trustedProxies: config.TURNPIKE_TRUSTED_PROXIES,
    adminToken: config.TURNPIKE_ADMIN_TOKEN ?? devAdminToken(world.chain.genesisHash),
    auditKey: config.TURNPIKE_AUDIT_KEY ?? devAuditKey(world.chain.genesisHash),
    sharesAdmin: true,
    checksTokens: true,
    genesis: world.chain.genesisHash,
    pollMs: 20,
    sweepMs: 1_000,
    ...overrides,
  })
}
