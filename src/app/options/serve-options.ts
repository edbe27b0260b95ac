import { randomBytes } from 'node:crypto'
import { type Config, ConfigError, type Environment } from '../../config/read-config.ts'
import { chooseAssets } from '../../payment/offers/choose-assets.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import { addressOfPrivateKey } from '../../payment/signing/signature.ts'
import type { Network, Terms } from '../../payment/types.ts'
import { apiKeyOptions } from './api-keys.ts'
import { walletGateOf } from './wallet-gate.ts'
import { providersOf, termsOf } from './defaults.ts'
import { sharedKeys } from './facilitator-options.ts'
import { identityOf } from './identity-options.ts'
import { loadCatalog, loadQualities, loadTokens } from './load-catalog.ts'
import { feeCapsOf, gasPolicyOf, hostedBy } from './network-options.ts'
import type { AppOptions, WebhookOptions } from './options.ts'

/** Real chains answer a receipt within a block or two. */
const POLL_MS = 500
const SWEEP_MS = 2_000

/**
 * What the environment makes of `turnpike serve`: real providers, real chains, finality by the chain's own tag.
 *
 * @throws ConfigError naming everything that is missing at once.
 */
export function serveOptions({
  config,
  environment,
}: {
  config: Config
  environment: Environment
}): AppOptions {
  const needed = requireServing({ config, environment })
  const identity = identityOf(config)
  const { keys, payTo, networks, providers } = needed
  const addresses = {
    signer: addressOfPrivateKey({ privateKey: keys.signer }),
    till: addressOfPrivateKey({ privateKey: keys.till }),
    receiverAuthorizer: addressOfPrivateKey({ privateKey: keys.receiverAuthorizer }),
  }
  return {
    port: config.PORT,
    host: config.HOST,
    region: config.TURNPIKE_REGION,
    place: config.DATABASE_URL
      ? { databaseUrl: config.DATABASE_URL }
      : { dataDirectory: `${config.TURNPIKE_DATA_DIR}/ledger` },
    ...(config.REDIS_URL ? { redisUrl: config.REDIS_URL } : {}),
    catalog: loadCatalog({ simulated: false, path: config.TURNPIKE_CATALOG_FILE }),
    qualities: loadQualities({ path: config.TURNPIKE_CATALOG_FILE }),
    providers,
    providerKey: (variable) => environment[variable],
    networks: networks.map((one) => ({
      ...one,
      finality: { kind: 'finalized' },
      ...feeCapsOf({ config, network: one.network }),
      ...hostedBy({ config, network: one.network }),
    })),
    keys,
    apiKeys: apiKeyOptions({ config, authorizerKey: keys.receiverAuthorizer, isTest: false }),
    walletGate: walletGateOf(config),
    terms: termsOf({
      addresses,
      payTo,
      assets: needed.assets,
      settlementFees: needed.settlementFees,
      config,
    }),
    checksTokens: true,
    sponsoredPermitsPerDay: config.TURNPIKE_SPONSORED_PERMITS,
    sponsoredApprovalsPerDay: config.TURNPIKE_SPONSORED_APPROVALS,
    gasOf: (network) => gasPolicyOf({ config, network }),
    secret: config.TURNPIKE_QUOTE_SECRET ?? randomBytes(32).toString('hex'),
    webhooks: webhooksOf(config),
    marginBps: config.TURNPIKE_MARGIN_BPS,
    defaultOutputTokens: config.TURNPIKE_DEFAULT_OUTPUT_TOKENS,
    freeCallsPerMinute: config.TURNPIKE_FREE_CALLS_PER_MINUTE,
    unpaidPerMinute: config.TURNPIKE_UNPAID_PER_MINUTE,
    trustedProxies: config.TURNPIKE_TRUSTED_PROXIES,
    ...(config.TURNPIKE_ADMIN_TOKEN ? { adminToken: config.TURNPIKE_ADMIN_TOKEN } : {}),
    ...(config.TURNPIKE_AUDIT_KEY ? { auditKey: config.TURNPIKE_AUDIT_KEY } : {}),
    sharesAdmin: false,
    adminListener: { host: config.TURNPIKE_ADMIN_HOST, port: config.TURNPIKE_ADMIN_PORT ?? 0 },
    ...(identity ? { identity } : {}),
    ...(config.TURNPIKE_ADMIN_URL ? { adminUrl: config.TURNPIKE_ADMIN_URL } : {}),
    ...(config.TURNPIKE_PUBLIC_URL ? { publicUrl: config.TURNPIKE_PUBLIC_URL } : {}),
    pollMs: POLL_MS,
    sweepMs: SWEEP_MS,
  }
}

/** A secret that is made at each start would open nothing that an earlier one has sealed. */
function webhooksOf({
  TURNPIKE_WEBHOOK_SECRET: own,
  TURNPIKE_QUOTE_SECRET: quotes,
  TURNPIKE_WEBHOOK_KEY: key,
}: Config): WebhookOptions {
  const secret = own ?? quotes
  return { ...(secret ? { secret } : {}), ...(key ? { key } : {}) }
}

/** What a server cannot do without. */
function requireServing({ config, environment }: { config: Config; environment: Environment }) {
  const problems: string[] = []
  const required = <Value>(name: string, value: Value | undefined): NonNullable<Value> => {
    if (value === undefined || value === null) problems.push(`${name} is required by serve.`)
    return value as NonNullable<Value>
  }
  const keys = {
    signer: required('TURNPIKE_SIGNER_KEY', config.TURNPIKE_SIGNER_KEY) as `0x${string}`,
    till: required('TURNPIKE_TILL_KEY', config.TURNPIKE_TILL_KEY) as `0x${string}`,
    receiverAuthorizer: required(
      'TURNPIKE_RECEIVER_AUTHORIZER_KEY',
      config.TURNPIKE_RECEIVER_AUTHORIZER_KEY,
    ) as `0x${string}`,
  }
  const payTo = required('TURNPIKE_PAY_TO', config.TURNPIKE_PAY_TO)
  const names = required('TURNPIKE_NETWORKS', config.TURNPIKE_NETWORKS) ?? []
  const networks = names.map((network) => {
    const chainId = chainIdOf(network)
    return { network, rpcUrls: required(`TURNPIKE_RPC_${chainId}`, config.rpcUrls.get(chainId)) }
  })
  const { assets, problems: unknown } = chooseAssets({
    networks: [...new Set(names)],
    own: loadTokens({ path: config.TURNPIKE_CATALOG_FILE }),
    chosen: config.TURNPIKE_TOKENS,
  })
  problems.push(...unknown.map((problem) => `TURNPIKE_TOKENS: ${problem}`))
  const settlementFees = settlementFeesOf(config)
  problems.push(...names.flatMap((network) => networkProblems({ network, assets, settlementFees })))
  if (config.DATABASE_URL && !config.TURNPIKE_QUOTE_SECRET) {
    problems.push(
      'TURNPIKE_QUOTE_SECRET is required with DATABASE_URL: every instance must sign quotes alike.',
    )
  }
  const providers = providersOf({ environment })
  if (providers.length === 0) {
    problems.push('No provider is configured: set OPENAI_API_KEY or another <PROVIDER>_API_KEY.')
  }
  problems.push(...sharedKeys(config))
  if (problems.length > 0) throw new ConfigError(problems)
  return { keys, payTo, networks, assets, settlementFees, providers }
}

const settlementFeesOf = ({ TURNPIKE_SETTLEMENT_FEES: rows = [] }: Config): Terms['settlementFees'] =>
  rows.flatMap(({ network, amountPico }) =>
    (['upto', 'exact'] as const).map((scheme) => ({ network, scheme, feePicoUsd: amountPico })),
  )

function networkProblems({
  network,
  assets,
  settlementFees,
}: {
  network: Network
  assets: Terms['assets']
  settlementFees: Terms['settlementFees']
}): string[] {
  const hasFee = settlementFees.some((fee) => fee.network === network)
  const hasToken = assets.some((asset) => asset.network === network)
  return [
    ...(hasToken
      ? []
      : [
          `No token is taken on ${network}: add a row to the operator's file, or to TURNPIKE_TOKENS where that leaves it out.`,
        ]),
    ...(hasFee
      ? []
      : [`TURNPIKE_SETTLEMENT_FEES has no row for ${network}: callers would not bear the gas they cause.`]),
  ]
}
