import { randomBytes } from 'node:crypto'
import { openApp } from '../app/open-app.ts'
import { catalogOf, providersOf, termsOf } from '../app/defaults.ts'
import { type Config, ConfigError, readConfig } from '../config/read-config.ts'
import { addressOfPrivateKey, builtInAssets, type Network } from '../app/assets.ts'
import { createProgress } from './progress.ts'
import { untilStopped } from './until-stopped.ts'

/** `turnpike serve`: real providers, real chains, from the environment. Refuses to start half-configured. */
export async function serve(): Promise<void> {
  const config = readConfig(process.env)
  const progress = createProgress()
  for (const warning of config.warnings) progress.note(warning)
  const needed = requireServing(config)
  const providers = providersOf({ environment: process.env })
  if (providers.length === 0) {
    throw new ConfigError(['No provider is configured: set OPENAI_API_KEY or another <PROVIDER>_API_KEY.'])
  }
  const addresses = {
    signer: addressOfPrivateKey({ privateKey: needed.keys.signer }),
    till: addressOfPrivateKey({ privateKey: needed.keys.till }),
    receiverAuthorizer: addressOfPrivateKey({ privateKey: needed.keys.receiverAuthorizer }),
  }
  const app = await openApp({
    port: config.PORT,
    host: config.HOST,
    region: config.TURNPIKE_REGION,
    place: config.DATABASE_URL
      ? { databaseUrl: config.DATABASE_URL }
      : { dataDirectory: `${config.TURNPIKE_DATA_DIR}/ledger` },
    ...(config.REDIS_URL ? { redisUrl: config.REDIS_URL } : {}),
    catalog: catalogOf({ simulated: false }),
    providers,
    providerKey: (variable) => process.env[variable],
    networks: needed.networks.map(({ network, rpcUrls }) => ({
      network,
      rpcUrls,
      finality: { kind: 'finalized' },
    })),
    keys: needed.keys,
    terms: termsOf({
      addresses,
      payTo: needed.payTo,
      assets: needed.assets,
      settlementFees: needed.settlementFees,
      config,
    }),
    secret: config.TURNPIKE_QUOTE_SECRET ?? randomBytes(32).toString('hex'),
    marginBps: config.TURNPIKE_MARGIN_BPS,
    defaultOutputTokens: config.TURNPIKE_DEFAULT_OUTPUT_TOKENS,
    freeCallsPerMinute: config.TURNPIKE_FREE_CALLS_PER_MINUTE,
    ...(config.TURNPIKE_ADMIN_TOKEN ? { adminToken: config.TURNPIKE_ADMIN_TOKEN } : {}),
    sharesAdmin: false,
    adminListener: { host: config.TURNPIKE_ADMIN_HOST, port: config.TURNPIKE_ADMIN_PORT ?? 0 },
    ...(config.TURNPIKE_PUBLIC_URL ? { publicUrl: config.TURNPIKE_PUBLIC_URL } : {}),
    pollMs: 500,
    sweepMs: 2_000,
    onProgress: progress.step,
  })
  progress.done()
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: app.url, adminUrl: app.adminUrl })}\n`)
  await untilStopped()
  await app.close()
}

/** What a server cannot do without, all that is missing named at once. */
function requireServing(config: Config) {
  const problems: string[] = []
  const required = <Value>(name: string, value: Value | undefined): Value => {
    if (value === undefined) problems.push(`${name} is required by serve.`)
    return value as Value
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
  const networks = names.map((network: Network) => {
    const chainId = Number(network.slice('eip155:'.length))
    return { network, rpcUrls: required(`TURNPIKE_RPC_${chainId}`, config.rpcUrls.get(chainId)) }
  })
  const assets = builtInAssets(names)
  const gas = config.TURNPIKE_SETTLEMENT_FEES ?? []
  for (const network of names) {
    if (gas.some((fee) => fee.network === network)) continue
    problems.push(
      `TURNPIKE_SETTLEMENT_FEES has no row for ${network}: callers would not bear the gas they cause.`,
    )
  }
  const settlementFees = gas.flatMap((fee) =>
    (['upto', 'exact'] as const).map((scheme) => ({ ...fee, scheme })),
  )
  for (const network of names) {
    if (!assets.some((asset) => asset.network === network)) problems.push(`No token is known on ${network}.`)
  }
  if (config.DATABASE_URL && !config.TURNPIKE_QUOTE_SECRET) {
    problems.push(
      'TURNPIKE_QUOTE_SECRET is required with DATABASE_URL: every instance must sign quotes alike.',
    )
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { keys, payTo, networks, assets, settlementFees }
}
