import { atomicToPicoUsd, formatUsd, type PicoUsd } from '../lib/money.ts'
import { BUILT_IN_ASSETS, findAsset } from '../payment/assets.ts'
import { parseAddress } from '../payment/hex.ts'
import { SCHEMES, type Address, type Asset, type Network, type Scheme } from '../payment/types.ts'
import type { ChallengeOffer } from './challenge.ts'
import { SpendRefusedError } from './errors.ts'
import { usdToPico, type Usd } from './usd.ts'

/** What a wallet lets a paying fetch do. */
export type SpendLimits = {
  /** Schemes in the order of preference. Default: batch-settlement, upto, exact. */
  readonly schemes?: readonly Scheme[] | undefined
  /** The highest ceiling of one call. Default 1. */
  readonly maxPerCallUsd?: Usd | undefined
  /** All charges of this paying fetch, with the ceilings of calls in flight. Default: no limit. */
  readonly maxTotalUsd?: Usd | undefined
  /** Tokens that may be spent. Default: USDC on Base and Base Sepolia. Each counts as one USD. */
  readonly assets?: readonly Asset[] | undefined
  /** CAIP-2 names. Default: the networks of the assets. */
  readonly networks?: readonly string[] | undefined
  /** Hosts that may be paid, as in `new URL(x).host`. Default: any. */
  readonly hosts?: readonly string[] | undefined
  /** Addresses that may be paid. Default: any. */
  readonly recipients?: readonly string[] | undefined
}

/** The room that one call takes in the total until its charge is known. */
export type Reservation = {
  /** Counts the charge instead of the ceiling, once. */
  readonly settle: (chargePicoUsd: PicoUsd) => void
  /** Nothing was spent. */
  readonly release: () => void
}

export type Spent = {
  /** Charges, decimal USD. */
  readonly usd: string
  readonly picoUsd: PicoUsd
  /** Ceilings of calls whose charge is not known yet. */
  readonly reservedUsd: string
  /** Calls whose charge is known. */
  readonly calls: number
}

export type ApprovedOffer = {
  readonly offer: ChallengeOffer
  readonly asset: Asset
  readonly ceilingPicoUsd: PicoUsd
}

export type SpendPolicy = {
  /**
   * The first offer that the limits allow, in the order of the schemes.
   *
   * @throws SpendRefusedError the reason why the best offer is refused, where none is allowed.
   */
  readonly choose: (parameters: { offers: readonly ChallengeOffer[]; url: string }) => ApprovedOffer
  /** @throws SpendRefusedError `max_total`. */
  readonly reserve: (ceilingPicoUsd: PicoUsd) => Reservation
  /** Of an allowed token; 6 for any other. */
  readonly decimalsOf: (token: { network: Network; asset: Address }) => number
  readonly spent: () => Spent
}

const DEFAULT_PER_CALL = '1'

const listed = ({ value, list }: { value: string; list: readonly string[] | undefined }) =>
  list === undefined || list.includes(value)

export function createSpendPolicy(limits: SpendLimits = {}): SpendPolicy {
  const schemes = limits.schemes ?? SCHEMES
  const assets = (limits.assets ?? BUILT_IN_ASSETS).map((asset) => ({
    ...asset,
    address: parseAddress(asset.address) ?? asset.address,
  }))
  const recipients = limits.recipients?.map((address) => address.toLowerCase())
  const perCallPicoUsd = usdToPico(limits.maxPerCallUsd ?? DEFAULT_PER_CALL)
  const totalPicoUsd = limits.maxTotalUsd === undefined ? undefined : usdToPico(limits.maxTotalUsd)
  let spentPicoUsd = 0n
  let reservedPicoUsd = 0n
  let calls = 0

  function judge(offer: ChallengeOffer): ApprovedOffer | SpendRefusedError {
    const { network, asset: address, payTo, amountAtomic } = offer
    if (!listed({ value: network, list: limits.networks })) {
      return new SpendRefusedError('network', `Payments on ${network} are not allowed (networks).`)
    }
    const asset = findAsset({ assets, network, address })
    if (!asset) {
      return new SpendRefusedError('asset', `The token ${address} on ${network} is not allowed (assets).`)
    }
    if (!listed({ value: payTo, list: recipients })) {
      return new SpendRefusedError('recipient', `Payments to ${payTo} are not allowed (recipients).`)
    }
    const ceilingPicoUsd = atomicToPicoUsd({ amountAtomic, decimals: asset.decimals })
    if (ceilingPicoUsd <= perCallPicoUsd) return { offer, asset, ceilingPicoUsd }
    const amounts = { limitPicoUsd: perCallPicoUsd, askedPicoUsd: ceilingPicoUsd }
    return new SpendRefusedError(
      'max_per_call',
      overText({ ...amounts, what: 'The call', cap: 'maxPerCallUsd' }),
      amounts,
    )
  }

  function choose({ offers, url }: { offers: readonly ChallengeOffer[]; url: string }): ApprovedOffer {
    const { host } = new URL(url)
    if (!listed({ value: host, list: limits.hosts })) {
      throw new SpendRefusedError('host', `Payments to the host ${host} are not allowed (hosts).`)
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
        `None of the offered schemes is allowed (schemes: ${schemes.join(', ')}).`,
      )
    )
  }

  function reserve(ceilingPicoUsd: PicoUsd): Reservation {
    const askedPicoUsd = spentPicoUsd + reservedPicoUsd + ceilingPicoUsd
    if (totalPicoUsd !== undefined && askedPicoUsd > totalPicoUsd) {
      const amounts = { limitPicoUsd: totalPicoUsd, askedPicoUsd }
      throw new SpendRefusedError(
        'max_total',
        overText({ ...amounts, what: 'All calls together', cap: 'maxTotalUsd' }),
        amounts,
      )
    }
    reservedPicoUsd += ceilingPicoUsd
    let isOpen = true
    const close = () => {
      if (!isOpen) return false
      isOpen = false
      reservedPicoUsd -= ceilingPicoUsd
      return true
    }
    return {
      settle(chargePicoUsd) {
        if (!close()) return
        spentPicoUsd += chargePicoUsd
        calls += 1
      },
      release: () => void close(),
    }
  }

  const spent = () => ({
    usd: formatUsd(spentPicoUsd),
    picoUsd: spentPicoUsd,
    reservedUsd: formatUsd(reservedPicoUsd),
    calls,
  })

  const decimalsOf = ({ network, asset }: { network: Network; asset: Address }) =>
    findAsset({ assets, network, address: asset })?.decimals ?? 6

  return { choose, reserve, decimalsOf, spent }
}

const overText = ({
  what,
  cap,
  limitPicoUsd,
  askedPicoUsd,
}: {
  what: string
  cap: string
  limitPicoUsd: PicoUsd
  askedPicoUsd: PicoUsd
}) =>
  `${what} may cost $${formatUsd(askedPicoUsd)}, which is $${formatUsd(askedPicoUsd - limitPicoUsd)} over ${cap} ($${formatUsd(limitPicoUsd)}). Nothing was signed.`
