import { depositKey, paymentKey } from '../../../../src/payment/check/payment-key.ts'
import type { CallPayment, Deposit, Hex, Offer, Quote, Scheme } from '../../../../src/payment/types.ts'
import { keyText } from '../../../support/memory/call-records.ts'
import type { Fate } from '../process/provider.ts'
import { FEE_PICO_USD, NETWORK } from '../setup.ts'
import type { World } from '../world.ts'
import { cents, type Payer, type Wallet } from './payer.ts'

/** One signed payment of one client, and what became of it as the client saw it. */
export type Payment = {
  readonly key: string
  /** Names its deposit or its `exact` transfer. */
  readonly fundingKey: string | undefined
  readonly payer: Payer
  readonly wallet: Wallet
  readonly checked: CallPayment
  readonly fate: Fate
  /** Calls that were made with it. */
  readonly callIds: string[]
  /** Chunks that reached the caller, by call. */
  readonly received: Map<string, number>
  /** Calls whose last event reached the caller. */
  readonly served: Set<string>
  /** A corrective answer has been followed once already. */
  readonly isCorrected: boolean
  /** Buys no call. */
  readonly isTopUp: boolean
}

const nonceOf = (world: World): Hex => `0x${world.newId().slice(3).padStart(64, '0')}`
const bigNonceOf = (world: World) => BigInt(world.newId().slice(3).replace(/^0+/, '') || '0')

export const newQuote = (world: World): Quote => ({
  nonce: world.newId().slice(3).padStart(32, '0'),
  requestHash: 'hash',
  ceilingPicoUsd: 0n,
  priceBook: 'book',
  expiresAtMs: world.scheduler.nowMs() + 120_000,
})

/** What the providers will do with a call. */
export function newFate({ random }: World): Fate {
  const chunks = random.integer(1, 3)
  const hangsUp = random.percent(15)
  return {
    refusals: random.weighted({ 0: 80, 1: 12, 2: 8 }) === '0' ? 0 : random.integer(1, 2),
    chunks: random.percent(5) ? 0 : chunks,
    isCut: random.percent(15),
    hangUpAfter: hangsUp ? random.integer(0, chunks) : undefined,
  }
}

function depositOf(world: World, { asset }: Wallet, amountAtomic: bigint): Deposit {
  const nowSeconds = Math.floor(world.scheduler.nowMs() / 1_000)
  const validBefore = nowSeconds + 120
  if (asset.transfer === 'permit2')
    return {
      method: 'permit2',
      amountAtomic,
      nonce: bigNonceOf(world),
      deadline: validBefore,
      signature: '0x',
    }
  const nonce = nonceOf(world)
  return { method: 'eip3009', amountAtomic, validAfter: 0, validBefore, salt: '0x01', nonce, signature: '0x' }
}

type Asked = {
  readonly world: World
  readonly payer: Payer
  readonly wallet: Wallet
  readonly scheme: Scheme | 'credit'
  readonly ceilingAtomic: bigint
  readonly quote: Quote
}

function signed({ world, payer, wallet, scheme, ceilingAtomic, quote }: Asked): CallPayment {
  const { asset, channel } = wallet
  const nowSeconds = Math.floor(world.scheduler.nowMs() / 1_000)
  const common = {
    x402Version: 2,
    network: NETWORK,
    asset,
    payer: payer.address,
    offer: {} as Offer,
    ceilingAtomic,
    feePicoUsd: FEE_PICO_USD[scheme],
    quote,
  } as const
  if (scheme === 'credit') return { ...common, kind: 'credit', scheme, feePicoUsd: 0n }
  if (scheme === 'upto')
    return {
      ...common,
      kind: 'upto',
      scheme,
      nonce: bigNonceOf(world),
      permittedAtomic: ceilingAtomic,
      validAfter: 0,
      deadline: nowSeconds + 900,
      signature: '0x',
    }
  if (scheme === 'exact') {
    const window = { validAfter: 0, validBefore: nowSeconds + 120, signature: '0x' } as const
    const exact = { ...common, kind: 'exact', scheme, valueAtomic: ceilingAtomic, ...window } as const
    return asset.transfer === 'permit2'
      ? { ...exact, method: 'permit2', nonce: bigNonceOf(world) }
      : { ...exact, method: 'eip3009', nonce: nonceOf(world) }
  }
  const maxAtomic = channel.chargedAtomic + ceilingAtomic
  const needs = maxAtomic > channel.balanceAtomic
  const amountAtomic = cents(asset, world.random.pick([100, 100, 300]))
  const deposit = needs ? { deposit: depositOf(world, wallet, amountAtomic) } : {}
  const voucher = { maxAtomic, signature: `0x${maxAtomic.toString(16)}` } as const
  return {
    ...common,
    kind: 'voucher',
    scheme,
    channelId: channel.id,
    config: channel.config,
    voucher,
    ...deposit,
  }
}

function fundingKeyOf(checked: CallPayment): string | undefined {
  if (checked.kind === 'exact') return keyText(paymentKey(checked))
  const key = checked.kind === 'voucher' ? depositKey(checked) : undefined
  return key && keyText(key)
}

/** A client signs. */
export function newPayment(
  asked: Omit<Asked, 'quote'> & {
    readonly quote?: Quote
    readonly isCorrected?: boolean
    readonly isTopUp?: boolean
  },
): Payment {
  const { world, payer, wallet, quote = newQuote(world), isCorrected = false, isTopUp = false } = asked
  const checked = signed({ ...asked, quote })
  const payment: Payment = {
    key: keyText(paymentKey(checked)),
    fundingKey: fundingKeyOf(checked),
    payer,
    wallet,
    checked,
    fate: newFate(world),
    callIds: [],
    received: new Map(),
    served: new Set(),
    isCorrected,
    isTopUp,
  }
  world.payments.push(payment)
  return payment
}
