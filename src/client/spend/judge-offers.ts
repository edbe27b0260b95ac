import { atomicToPicoUsd, type PicoUsd } from '../../lib/money.ts'
import { BUILT_IN_ASSETS, findAsset } from '../../payment/tokens/assets.ts'
import { parseAddress } from '../../payment/hex.ts'
import { SCHEMES, type Address, type Asset, type Network } from '../../payment/types.ts'
import type { ChallengeOffer } from '../wire/challenge.ts'
import { overCap, SpendRefusedError } from '../wire/errors.ts'
import type { SpendLimits } from './spend-limits.ts'
import { usdToPico } from '../wire/usd.ts'

export type ApprovedOffer = {
  readonly offer: ChallengeOffer
  readonly asset: Asset
  readonly ceilingPicoUsd: PicoUsd
}

const DEFAULT_PER_CALL = '1'
const DEFAULT_WITHDRAW_DELAY_SECONDS = 7 * 86_400

const listed = ({ value, list }: { value: string; list: readonly string[] | undefined }) =>
  list === undefined || list.includes(value)

/** Holds offers against the limits that concern one call alone. */
export function createOfferJudge(limits: SpendLimits) {
  const schemes = limits.schemes ?? SCHEMES
  const assets = (limits.assets ?? BUILT_IN_ASSETS).map((asset) => ({
    ...asset,
    address: parseAddress(asset.address) ?? asset.address,
  }))
  const recipients = limits.recipients?.map((address) => address.toLowerCase())
  const perCallPicoUsd = usdToPico(limits.maxPerCallUsd ?? DEFAULT_PER_CALL)
  const maxDelaySeconds = limits.maxWithdrawDelaySeconds ?? DEFAULT_WITHDRAW_DELAY_SECONDS

  const assetOf = ({ network, asset }: { network: Network; asset: Address }) =>
    findAsset({ assets, network, address: asset })

  function refusalOf(offer: ChallengeOffer): SpendRefusedError | undefined {
    const { network, asset: address, payTo, scheme, extra } = offer
    if (!listed({ value: network, list: limits.networks })) {
      return new SpendRefusedError(
        'network',
        `Payments on ${network} are not allowed; add it to networks to allow them. Nothing was signed.`,
      )
    }
    if (!assetOf(offer)) {
      return new SpendRefusedError(
        'asset',
        `The token ${address} on ${network} is not allowed; add it to assets to allow it. Nothing was signed.`,
      )
    }
    if (!listed({ value: payTo, list: recipients })) {
      return new SpendRefusedError(
        'recipient',
        `Payments to ${payTo} are not allowed; add it to recipients to allow them. Nothing was signed.`,
      )
    }
    if (scheme === 'batch-settlement' && Number(extra['withdrawDelay']) > maxDelaySeconds) {
      return new SpendRefusedError(
        'withdraw_delay',
        `A withdrawal from this channel would take ${String(extra['withdrawDelay'])} seconds, and maxWithdrawDelaySeconds is ${maxDelaySeconds}. Nothing was signed.`,
      )
    }
    return undefined
  }

  function judge(offer: ChallengeOffer): ApprovedOffer | SpendRefusedError {
    const refusal = refusalOf(offer)
    if (refusal) return refusal
    const asset = assetOf(offer)
    if (!asset) throw new TypeError('An offer without a token has passed.')
    const { amountAtomic } = offer
    const ceilingPicoUsd = atomicToPicoUsd({ amountAtomic, decimals: asset.decimals })
    if (ceilingPicoUsd <= perCallPicoUsd) return { offer, asset, ceilingPicoUsd }
    return overCap({
      rule: 'max_per_call',
      option: 'maxPerCallUsd',
      what: 'The call',
      limitPicoUsd: perCallPicoUsd,
      askedPicoUsd: ceilingPicoUsd,
    })
  }

  /**
   * The first offer that the limits allow, in the order of the schemes.
   *
   * @param askedUrl where the caller sent its request; another host than that of `url`, where a redirect led, has to be
   *   in the list.
   * @throws SpendRefusedError the reason why the best offer is refused, where none is allowed.
   */
  function choose({
    offers,
    url,
    askedUrl = url,
  }: {
    offers: readonly ChallengeOffer[]
    url: string
    askedUrl?: string
  }): ApprovedOffer {
    const { host, origin } = new URL(url)
    const isAllowed = limits.hosts ? limits.hosts.includes(host) : origin === new URL(askedUrl).origin
    if (!isAllowed) {
      throw new SpendRefusedError(
        'host',
        `Payments to the host ${host} are not allowed; add it to hosts to allow them. Nothing was signed.`,
      )
    }
    const ordered = schemes.flatMap((scheme) => offers.filter((offer) => offer.scheme === scheme))
    const judged = ordered.map(judge)
    const approved = judged.find((verdict): verdict is ApprovedOffer => 'offer' in verdict)
    if (approved) return approved
    // Of several reasons the one that names amounts says most.
    const refusals = judged.filter((verdict) => verdict instanceof SpendRefusedError)
    throw (
      refusals.find(({ rule }) => rule === 'max_per_call') ??
      refusals[0] ??
      new SpendRefusedError(
        'scheme',
        `None of the offered schemes is allowed (schemes: ${schemes.join(', ')}). Nothing was signed.`,
      )
    )
  }

  return { choose, assetOf }
}
