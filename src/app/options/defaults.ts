import { PROVIDERS } from '../../catalog/providers.ts'
import { SIMULATED_PROVIDER } from '../../catalog/simulated.ts'
import type { Catalog, Provider } from '../../catalog/types.ts'
import type { Config, Environment } from '../../config/read-config.ts'
import { LIMITS } from '../../lib/limits.ts'
import { BUILT_IN_ASSETS, usdtAsset } from '../../payment/tokens/assets.ts'
import { type Address, type Asset, type Network, SCHEMES, type Terms } from '../../payment/types.ts'
import { loadCatalog } from './load-catalog.ts'

export const DEV_NETWORK: Network = 'eip155:84532'

/** What one settlement is expected to cost in gas on the dev chain: $0.0001. */
const DEV_SETTLEMENT_FEE_PICO_USD = 100_000_000n

/** The catalogue as it is sold, or as dev and demo show it: every model, answered by the simulated provider. */
export function catalogOf({ simulated }: { simulated: boolean }): Catalog {
  return loadCatalog({ simulated, path: undefined })
}

/**
 * The providers that can be reached: the simulated one, or those whose dialect we speak, whose address is known and whose
 * key is in the environment; a local one needs no key.
 */
export function providersOf({
  environment,
  simulated,
}: {
  environment: Environment
  /** `url` is the address of its OpenAI dialect; those of the others follow from its `origin`, where it speaks them. */
  simulated?: { readonly url: string; readonly origin?: string }
}): readonly Provider[] {
  if (simulated) return [simulatedProvider(simulated)]
  return PROVIDERS.flatMap(({ id, dialect, prefix, baseUrl: usual, isLocal, continues }): Provider[] => {
    const apiKeyVariable = `${prefix}_API_KEY`
    const baseUrl = environment[`${prefix}_BASE_URL`] || usual
    if (!baseUrl) return []
    const provider = { id, dialect, baseUrl, ...(continues ? { continues } : {}), simulated: false }
    if (environment[apiKeyVariable]) return [{ ...provider, apiKeyVariable }]
    return isLocal ? [provider] : []
  })
}

function simulatedProvider({ url, origin }: { url: string; origin?: string }): Provider {
  const usual: Provider = {
    id: SIMULATED_PROVIDER,
    dialect: 'openai',
    baseUrl: url,
    continues: 'prefix',
    simulated: true,
  }
  if (origin === undefined) return usual
  return { ...usual, otherBaseUrls: { anthropic: `${origin}/v1`, google: `${origin}/v1beta` } }
}

/** What a server offers, from its addresses and tokens; the rest are the limits of the house. */
export function termsOf({
  addresses,
  payTo,
  assets,
  settlementFees,
  config,
}: {
  addresses: { readonly signer: Address; readonly till: Address; readonly receiverAuthorizer: Address }
  payTo: Address
  assets: readonly Asset[]
  settlementFees: Terms['settlementFees']
  config: Config
}): Terms {
  return {
    ...addresses,
    payTo,
    withdrawDelaySeconds: LIMITS.withdrawDelaySeconds,
    minDepositPicoUsd: LIMITS.minDepositPicoUsd,
    maxTimeoutSeconds: LIMITS.maxTimeoutSeconds,
    uptoTimeoutSeconds: LIMITS.uptoTimeoutSeconds,
    assets,
    schemes: SCHEMES,
    settlementFees,
    ...(config.TURNPIKE_SPONSORED_PERMITS > 0 ? { sponsorsPermits: true as const } : {}),
    ...(config.TURNPIKE_SPONSORED_APPROVALS > 0 ? { sponsorsApprovals: true as const } : {}),
    ...(config.TURNPIKE_MAX_FEE_SHARE === undefined
      ? {}
      : { maxFeeShareBps: Math.round(config.TURNPIKE_MAX_FEE_SHARE * 10_000) }),
  }
}

/** The terms of the dev chain: its USDC and USDT, and a fee that play gas would cost. */
export function devTerms({
  config,
  world,
}: {
  config: Config
  world: {
    readonly chain: { readonly usdt: string }
    readonly payTo: Address
    readonly addresses: {
      readonly signer: Address
      readonly till: Address
      readonly receiverAuthorizer: Address
    }
  }
}): Terms {
  const usdt = world.chain.usdt.toLowerCase() as Address
  return termsOf({
    addresses: world.addresses,
    payTo: world.payTo,
    assets: [
      ...BUILT_IN_ASSETS.filter(({ network }) => network === DEV_NETWORK),
      usdtAsset({ network: DEV_NETWORK, address: usdt, decimals: 6 }),
    ],
    settlementFees: (['upto', 'exact'] as const).map((scheme) => ({
      network: DEV_NETWORK,
      scheme,
      feePicoUsd: DEV_SETTLEMENT_FEE_PICO_USD,
    })),
    config,
  })
}
