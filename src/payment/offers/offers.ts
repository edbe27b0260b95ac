import { maxBigint, picoUsdToAtomic, type Atomic, type PicoUsd } from '../../lib/money.ts'
import { checksumAddress } from '../hex.ts'
import {
  SCHEMES,
  type Asset,
  type Network,
  type Offer,
  type Quote,
  type Scheme,
  type Terms,
} from '../types.ts'
import type { WithheldOf } from '../withheld.ts'

/** The part of an offer that does not depend on the price: computed once for the terms of a server. */
export type OfferTemplate = {
  readonly scheme: Scheme
  readonly asset: Asset
  readonly feePicoUsd: PicoUsd
  readonly checksummedAsset: string
  readonly payTo: string
  readonly maxTimeoutSeconds: number
  readonly extra: Readonly<Record<string, unknown>>
  /** Only channels announce one. */
  readonly minDepositAtomic?: Atomic
}

/** The expected gas of one settlement, which the payer bears; zero where the operator's table says nothing. */
export function feeFor({
  terms,
  network,
  scheme,
}: {
  terms: Terms
  network: Network
  scheme: Scheme
}): PicoUsd {
  const row = terms.settlementFees.find((fee) => fee.network === network && fee.scheme === scheme)
  return row?.feePicoUsd ?? 0n
}

/**
 * What stock clients read: the token's EIP-712 domain, and how it is moved where that is not by EIP-3009. They build every domain with
 * `chainId`, so of a salted one they are told nothing: nobody has to sign it.
 */
function extraOf({ terms, asset, scheme }: { terms: Terms; asset: Asset; scheme: Scheme }) {
  const isPermit2 = scheme === 'upto' || asset.transfer === 'permit2'
  const { eip712 } = asset
  return {
    ...(eip712 && !eip712.isSalted ? { name: eip712.name, version: eip712.version } : {}),
    ...(isPermit2 ? { assetTransferMethod: 'permit2' } : {}),
    ...(scheme === 'upto' ? { facilitatorAddress: checksumAddress(terms.signer) } : {}),
    ...(scheme === 'batch-settlement'
      ? {
          receiverAuthorizer: checksumAddress(terms.receiverAuthorizer),
          withdrawDelay: terms.withdrawDelaySeconds,
        }
      : {}),
  }
}

function templateOf({ terms, asset, scheme }: { terms: Terms; asset: Asset; scheme: Scheme }): OfferTemplate {
  return {
    scheme,
    asset,
    feePicoUsd: feeFor({ terms, network: asset.network, scheme }),
    checksummedAsset: checksumAddress(asset.address),
    payTo: checksumAddress(scheme === 'exact' ? terms.till : terms.payTo),
    maxTimeoutSeconds: scheme === 'upto' ? terms.uptoTimeoutSeconds : terms.maxTimeoutSeconds,
    extra: extraOf({ terms, asset, scheme }),
    ...(scheme === 'batch-settlement'
      ? {
          minDepositAtomic: picoUsdToAtomic({
            amountPicoUsd: terms.minDepositPicoUsd,
            decimals: asset.decimals,
          }),
        }
      : {}),
  }
}

const templates = new WeakMap<Terms, readonly OfferTemplate[]>()

/** One template for each scheme and token, in the order of the offers. */
export function offerTemplates(terms: Terms): readonly OfferTemplate[] {
  const known = templates.get(terms)
  if (known) return known
  const schemes = SCHEMES.filter((scheme) => terms.schemes.includes(scheme))
  const made = schemes.flatMap((scheme) => terms.assets.map((asset) => templateOf({ terms, asset, scheme })))
  templates.set(terms, made)
  return made
}

/** The most that a call may be charged under a template: ceiling and fee, rounded up together, once. */
export function offeredAtomic({
  template,
  ceilingPicoUsd,
}: {
  template: OfferTemplate
  ceilingPicoUsd: PicoUsd
}): Atomic {
  return picoUsdToAtomic({
    amountPicoUsd: ceilingPicoUsd + template.feePicoUsd,
    decimals: template.asset.decimals,
  })
}

/**
 * Puts a price into a template.
 *
 * The announced deposit is never below the ceiling: a smaller one could not pay for this very call, and stock clients
 * would fall back to five times the ceiling.
 */
export function offerFrom({
  template,
  amountAtomic,
  token,
}: {
  template: OfferTemplate
  amountAtomic: Atomic
  token?: string | undefined
}): Offer {
  const { minDepositAtomic } = template
  return {
    scheme: template.scheme,
    network: template.asset.network,
    amount: amountAtomic.toString(),
    asset: template.checksummedAsset,
    payTo: template.payTo,
    maxTimeoutSeconds: template.maxTimeoutSeconds,
    extra: {
      ...template.extra,
      ...(minDepositAtomic === undefined
        ? {}
        : { minDeposit: maxBigint(minDepositAtomic, amountAtomic).toString() }),
      ...(token === undefined ? {} : { quote: token }),
    },
  }
}

/** Whether the fee is a larger share of the expected price than the operator lets anyone pay. */
function isFeeTooDear({
  terms,
  feePicoUsd,
  estimatePicoUsd,
}: {
  terms: Terms
  feePicoUsd: PicoUsd
  estimatePicoUsd: PicoUsd
}): boolean {
  if (terms.maxFeeShareBps === undefined) return false
  return feePicoUsd * 10_000n > estimatePicoUsd * BigInt(terms.maxFeeShareBps)
}

/**
 * Builds the `accepts` of a 402.
 *
 * Stock clients take the first offer that they can pay, so channels come first, then `upto`, then `exact`; within a
 * scheme the tokens come in the order of the terms. `exact` pays the till, the others the cold address.
 *
 * @param token the signed quote, repeated in every offer; a 402 with many offers moves it (buildPaymentRequired). Absent in a list of
 *   prices that nobody can pay by.
 * @param estimatePicoUsd the expected price without fee, for the operator's limit on fees.
 * @param withheldOf says which offers are not made at the moment.
 */
export function buildOffers({
  terms,
  quote,
  token,
  estimatePicoUsd,
  withheldOf = () => undefined,
}: {
  terms: Terms
  quote: Pick<Quote, 'ceilingPicoUsd'>
  token?: string | undefined
  estimatePicoUsd: PicoUsd
  withheldOf?: WithheldOf
}): Offer[] {
  return offerTemplates(terms)
    .filter((template) => withheldOf(template) === undefined)
    .filter(({ feePicoUsd }) => !isFeeTooDear({ terms, feePicoUsd, estimatePicoUsd }))
    .map((template) => {
      const amountAtomic = offeredAtomic({ template, ceilingPicoUsd: quote.ceilingPicoUsd })
      return offerFrom({ template, amountAtomic, token })
    })
}
