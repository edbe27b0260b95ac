import { LIMITS } from '../../lib/limits.ts'
import { contractsFor } from '../../payment/tokens/contracts.ts'
import type { Address, Asset, Network, Scheme } from '../../payment/types.ts'
import type { SuspensionReason, Withheld, WithheldOf } from '../../payment/withheld.ts'
import { type createLog, logError } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { Chains } from '../chains/open-chains.ts'
import type { AppOptions } from '../options/options.ts'
import { repeat } from './repeat.ts'

export type TokenWatch = {
  readonly withheldOf: WithheldOf
  readonly isSuspended: (token: { network: Network; asset: Address }) => boolean
  readonly close: () => Promise<void>
}

const keyOf = ({ network, address }: Pick<Asset, 'network' | 'address'>) => `${network} ${address}`

/**
 * Follows what issuers switch on and off. Every instance looks for itself, once at the start and then every minute; a chain that
 * cannot be asked changes nothing.
 *
 * @param missing contracts that a network does not have: what needs them is never offered there.
 */
export async function watchTokens({
  options,
  chains,
  missing,
  metrics,
  log,
}: {
  options: AppOptions
  chains: Chains
  missing: ReadonlyMap<Network, readonly Address[]>
  metrics: Metrics
  log: ReturnType<typeof createLog>
}): Promise<TokenWatch> {
  const suspensions = new Map<string, SuspensionReason>()

  const look = async () => {
    for (const [network, chain] of chains.all) {
      const assets = options.terms.assets.filter((asset) => asset.network === network)
      const states = await chain.readSuspensions({ assets }).catch((error: unknown) => {
        logError({ log, error, fields: { network, step: 'tokens' } })
        return []
      })
      for (const { asset, reason } of states) {
        follow({ asset, reason })
        metrics.setSuspensions([{ network, symbol: asset.symbol, isSuspended: reason !== undefined }])
      }
    }
  }
  const follow = ({ asset, reason }: { asset: Asset; reason: SuspensionReason | undefined }) => {
    const key = keyOf(asset)
    if (suspensions.get(key) === reason) return
    const fields = { network: asset.network, token: asset.symbol, address: asset.address }
    if (reason === undefined) suspensions.delete(key)
    else suspensions.set(key, reason)
    const event = reason === undefined ? 'token_resumed' : 'token_suspended'
    log.warn({ event, ...fields, ...(reason === undefined ? {} : { reason }) }, event)
  }

  const lacking = new Set(
    options.terms.assets.flatMap((asset) =>
      options.terms.schemes
        .filter((scheme) => needsMissing({ scheme, asset, missing }))
        .map((scheme) => `${scheme} ${keyOf(asset)}`),
    ),
  )
  await look()
  const close = repeat({
    everyMs: options.tokenWatchMs ?? LIMITS.tokenWatchMs,
    run: look,
    onError: (error) => logError({ log, error, fields: { step: 'tokens' } }),
  })
  return {
    withheldOf: ({ scheme, asset }): Withheld | undefined => {
      const reason = suspensions.get(keyOf(asset))
      if (reason !== undefined) return { kind: 'suspended', reason }
      return lacking.has(`${scheme} ${keyOf(asset)}`) ? { kind: 'missing_contract' } : undefined
    },
    isSuspended: ({ network, asset: address }) => suspensions.has(keyOf({ network, address })),
    close,
  }
}

/** Whether a token cannot be paid by a scheme because its network lacks a contract. */
export const needsMissing = ({
  scheme,
  asset,
  missing,
}: {
  scheme: Scheme
  asset: Asset
  missing: ReadonlyMap<Network, readonly Address[]>
}): boolean =>
  contractsFor({ scheme, asset }).some((address) => missing.get(asset.network)?.includes(address))
