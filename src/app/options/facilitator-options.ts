import { type Config, ConfigError } from '../../config/read-config.ts'
import { LIMITS } from '../../lib/limits.ts'
import { chooseAssets } from '../../payment/offers/choose-assets.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { PicoUsd } from '../../lib/money.ts'
import type { Address, Asset, Hex } from '../../payment/types.ts'
import type { SubmitterNetwork } from '../../chain/facilitator/create-submitter.ts'
import { loadTokens } from './load-catalog.ts'
import { feeCapsOf, gasPolicyOf } from './network-options.ts'

/** What one facilitator is made of. */
export type FacilitatorOptions = {
  readonly port: number
  readonly host: string
  readonly key: Hex
  readonly networks: readonly SubmitterNetwork[]
  readonly assets: readonly Asset[]
  /** Who may be paid; anybody where absent. */
  readonly payTo?: readonly Address[]
  /** Payments of less are not worth their gas. */
  readonly minPicoUsd: PicoUsd
  readonly accessToken?: string
  readonly perMinute: number
  readonly trustedProxies: number
  /** Between two looks at a chain for one receipt. */
  readonly pollMs: number
  /** How long a block is waited for; LIMITS.facilitatorWaitMs where absent. */
  readonly waitMs?: number
  readonly onNote?: (line: string) => void
  /** What is ours to mend; never a word of a payment. */
  readonly onError?: (failure: { readonly path: string; readonly error: unknown }) => void
}

const POLL_MS = 500

/**
 * What the environment makes of `turnpike facilitator`.
 *
 * @throws ConfigError naming everything that is missing or wrong at once.
 */
export function facilitatorOptions({ config }: { config: Config }): FacilitatorOptions {
  const problems: string[] = []
  const key = config.TURNPIKE_FACILITATOR_KEY
  if (key === undefined) problems.push('TURNPIKE_FACILITATOR_KEY is required by facilitator.')
  problems.push(...sharedKeys(config))
  const payTo = config.TURNPIKE_FACILITATOR_PAY_TO
  if (payTo === undefined && config.TURNPIKE_FACILITATOR_ACCESS_TOKEN === undefined)
    problems.push(
      'TURNPIKE_FACILITATOR_ACCESS_TOKEN or TURNPIKE_FACILITATOR_PAY_TO must say whom your gas is spent for: give out a token, name who may be paid, or write TURNPIKE_FACILITATOR_PAY_TO=anybody.',
    )
  const names = config.TURNPIKE_NETWORKS ?? []
  if (names.length === 0) problems.push('TURNPIKE_NETWORKS is required by facilitator.')
  const networks = [...new Set(names)].map((network): SubmitterNetwork => {
    const rpcUrls = config.rpcUrls.get(chainIdOf(network))
    if (!rpcUrls) problems.push(`TURNPIKE_RPC_${chainIdOf(network)} is required by facilitator.`)
    const { maxPerDayWei = LIMITS.gasPerDayWei } = gasPolicyOf({ config, network })
    return { network, rpcUrls: rpcUrls ?? [], maxPerDayWei, ...feeCapsOf({ config, network }) }
  })
  const { assets, problems: unknown } = chooseAssets({
    networks: networks.map(({ network }) => network),
    own: loadTokens({ path: config.TURNPIKE_CATALOG_FILE }),
    chosen: config.TURNPIKE_TOKENS,
  })
  problems.push(...unknown.map((problem) => `TURNPIKE_TOKENS: ${problem}`))
  if (key === undefined || problems.length > 0) throw new ConfigError(problems)
  return {
    port: config.TURNPIKE_FACILITATOR_PORT,
    host: config.HOST,
    key: key as Hex,
    networks,
    assets,
    minPicoUsd: config.TURNPIKE_FACILITATOR_MIN_USD,
    ...(payTo && payTo !== 'anybody' ? { payTo } : {}),
    ...(config.TURNPIKE_FACILITATOR_ACCESS_TOKEN
      ? { accessToken: config.TURNPIKE_FACILITATOR_ACCESS_TOKEN }
      : {}),
    perMinute: config.TURNPIKE_FACILITATOR_PER_MINUTE,
    trustedProxies: config.TURNPIKE_TRUSTED_PROXIES,
    pollMs: POLL_MS,
  }
}

const OTHER_KEYS = ['TURNPIKE_SIGNER_KEY', 'TURNPIKE_TILL_KEY', 'TURNPIKE_RECEIVER_AUTHORIZER_KEY'] as const

/** Two users of one key sign over each other: both take the same nonce, and one of the two transactions is lost. */
export function sharedKeys(config: Config): string[] {
  const key = config.TURNPIKE_FACILITATOR_KEY?.toLowerCase()
  if (key === undefined) return []
  return OTHER_KEYS.filter((name) => config[name]?.toLowerCase() === key).map(
    (name) => `TURNPIKE_FACILITATOR_KEY is the same as ${name}: give the facilitator a key of its own.`,
  )
}
