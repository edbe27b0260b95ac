import type { Config } from '../../config/read-config.ts'
import { LIMITS } from '../../lib/limits.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { Network } from '../../payment/types.ts'
import type { GasPolicy } from '../../settlement/policy.ts'
import type { NetworkOptions } from './options.ts'

/** A bearer token stands still. Credentials that are signed for each question are another `headersFor` in this place. */
export function hostedBy({
  config,
  network,
}: {
  config: Config
  network: Network
}): Pick<NetworkOptions, 'hosted'> {
  const facilitator = config.facilitators.get(chainIdOf(network))
  if (facilitator === undefined) return {}
  const { url, token } = facilitator
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return { hosted: { url, headersFor: () => Promise.resolve(headers) } }
}

const PICO_GWEI_PER_WEI = 1_000n

/** An operator who names a price of gas has one for the whole of it: tips are a matter of the network. */
export function feeCapsOf({
  config,
  network,
}: {
  config: Config
  network: Network
}): Pick<NetworkOptions, 'feeCaps'> {
  const row = config.TURNPIKE_MAX_GAS_PRICE?.find((one) => one.network === network)
  if (row === undefined) return {}
  const wei = row.amountPico / PICO_GWEI_PER_WEI
  return { feeCaps: { maxFeePerGasWei: wei, maxPriorityFeePerGasWei: wei } }
}

const WEI_PER_PICO_COIN = 1_000_000n

/** What gas may cost. Without the coin's price its share of a value is not known; a day's budget always holds. */
export function gasPolicyOf({ config, network }: { config: Config; network: Network }): GasPolicy {
  const of = (rows: typeof config.TURNPIKE_COIN_USD) =>
    rows?.find((row) => row.network === network)?.amountPico
  const coinPicoUsd = of(config.TURNPIKE_COIN_USD)
  const perDay = of(config.TURNPIKE_MAX_GAS_PER_DAY)
  return {
    maxShareBps: LIMITS.gasShareBps,
    maxPerDayWei: perDay === undefined ? LIMITS.gasPerDayWei : perDay * WEI_PER_PICO_COIN,
    ...(coinPicoUsd === undefined ? {} : { coinPicoUsd }),
  }
}
