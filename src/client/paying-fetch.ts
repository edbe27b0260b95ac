import { parseAddress, parseBytes32 } from '../payment/hex.ts'
import type { Scheme } from '../payment/types.ts'
import { decodeChallenge, type Challenge } from './wire/challenge.ts'
import { memoryStore, type ChannelStore } from './channel/channel-store.ts'
import { demandSameOffers } from './wire/demand-same-offers.ts'
import type { Fetch } from './fetch.ts'
import type { PaidEvent, PayContext, Payment } from './context.ts'
import type { LiveChannel } from './channel/live-channel.ts'
import { createLiveChannels } from './channel/live-channels.ts'
import { payChannel } from './channel/pay-channel.ts'
import { payExact } from './transfer/pay-exact.ts'
import { payUpto } from './transfer/pay-upto.ts'
import { createQuoteShelf } from './wire/quote-shelf.ts'
import type { Approvals } from './spend/approve-call.ts'
import { refundChannel, type Refund } from './channel/refund-channel.ts'
import { replayable, type ReplayableRequest } from './wire/replayable-request.ts'
import type { ApprovedOffer } from './spend/judge-offers.ts'
import { resumeCalls } from './resume-calls.ts'
import type { Spent } from './spend/spend-counts.ts'
import type { SpendLimits } from './spend/spend-limits.ts'
import { createSpendPolicy } from './spend/spend-policy.ts'
import { usdToPico, type Usd } from './wire/usd.ts'
import {
  finishWithdrawal,
  startWithdrawal,
  type FinishedWithdrawal,
  type StartedWithdrawal,
  type WithdrawalOrder,
} from './channel/withdraw.ts'
import type { Wallet } from './wire/wallet.ts'

export type PayingFetchOptions = SpendLimits & {
  /** What to put into a channel at a time. Default: what the server announces, at most 5. */
  readonly depositUsd?: Usd | undefined
  /** Where channels are remembered. Default: in this process only. */
  readonly store?: ChannelStore | undefined
  /** 32 bytes of hex that tell this wallet's channels apart. Default: zeros, as other x402 clients use. */
  readonly salt?: `0x${string}` | undefined
  /**
   * Other processes pay through the same channels without sharing the store. Then a server's word that more was charged
   * than its receipts to this process say is believed, up to what was signed. Default: it stops the channel.
   */
  readonly sharedChannels?: boolean | undefined
  /** Releases tokens to Permit2 where that is missing (USDT, `upto`). Default: the error says what to send. */
  readonly approvals?: Approvals | undefined
  readonly fetch?: Fetch | undefined
  /** Called for each charge, deposit and refund. Must not throw. */
  readonly onPaid?: ((event: PaidEvent) => void) | undefined
}

/** One channel as this client believes it to be; amounts in atomic units. */
export type ChannelSummary = {
  readonly channelId: string
  readonly network: string
  readonly asset: string
  readonly recipient: string
  readonly balanceAtomic: bigint
  readonly chargedAtomic: bigint
  /** Ceilings of calls whose charge is not known yet. */
  readonly outAtomic: bigint
  /** The most that could be claimed: the highest voucher signed. */
  readonly signedAtomic: bigint
  /** Why the channel is not used any more. */
  readonly stopped?: string
}

export type PayingFetch = Fetch & {
  /** What this paying fetch has spent since it was made. */
  readonly spent: () => Spent
  readonly channels: () => Promise<readonly ChannelSummary[]>
  /** Gets the unused rest of a channel back. `url`: the route it was used for, e.g. https://host/v1/chat/completions. */
  readonly refund: (url: string | URL) => Promise<Refund>
  /** Takes a channel's money back on chain, for when the server is gone: begins it, and after the channel's delay ends it. */
  readonly startWithdrawal: (order: WithdrawalOrder) => Promise<StartedWithdrawal>
  readonly finishWithdrawal: (order: WithdrawalOrder) => Promise<FinishedWithdrawal>
}

const summaryOf = ({ channelId, network, config, book, stopped }: LiveChannel): ChannelSummary => {
  const { balanceAtomic, settledAtomic, outAtomic, signedAtomic } = book.state()
  return {
    channelId,
    network,
    asset: config.token,
    recipient: config.receiver,
    balanceAtomic,
    chargedAtomic: settledAtomic,
    outAtomic,
    signedAtomic,
    ...(stopped ? { stopped: stopped.message } : {}),
  }
}

function createContext({ wallet, options }: { wallet: Wallet; options: PayingFetchOptions }): PayContext {
  const payer = parseAddress(wallet.address)
  if (!payer) throw new TypeError(`"${wallet.address}" is not an address.`)
  if (options.salt !== undefined && !parseBytes32(options.salt)) {
    throw new TypeError('The salt must be 0x and 64 hex digits.')
  }
  if (options.depositUsd !== undefined) usdToPico(options.depositUsd)
  const { store = memoryStore(), salt, depositUsd, onPaid = () => undefined } = options
  const nowMs = () => Date.now()
  const context: PayContext = {
    wallet,
    payer,
    policy: createSpendPolicy({ limits: options, depositUsd, nowMs }),
    channels: createLiveChannels({
      store,
      payer,
      salt,
      isShared: options.sharedChannels,
      nowMs,
      onLoaded: (channel) => resumeCalls({ channel, context }),
    }),
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    nowMs,
    depositUsd,
    approvals: options.approvals,
    onPaid,
    lost: [],
  }
  return context
}

const PAY: Readonly<Record<Scheme, (payment: Payment) => Promise<Response>>> = {
  'batch-settlement': payChannel,
  upto: payUpto,
  exact: payExact,
}

type Bill = {
  readonly request: ReplayableRequest
  readonly challenge: Challenge
  readonly context: PayContext
}

/** Calls that name the same run are counted together. */
const RUN_HEADER = 'x-turnpike-run'

/** Reserves the ceiling, pays, and gives the reservation back where nothing was signed. */
async function payBill({ approved, ...bill }: Bill & { approved: ApprovedOffer }): Promise<Response> {
  const { policy } = bill.context
  bill.request.signal?.throwIfAborted()
  const run = bill.request.headers.get(RUN_HEADER) ?? ''
  const reservation = policy.reserve({ ceilingPicoUsd: approved.ceilingPicoUsd, run })
  return PAY[approved.offer.scheme]({ ...bill, approved, reservation })
}

/**
 * A `fetch` that pays x402 answers by itself, within limits, and charges each call for what it used.
 *
 * The first request goes out unpaid; a 402 is paid with the first scheme that the limits allow, and the same bytes are
 * sent again. Nothing is ever paid twice by itself: what the server answers to a payment is the caller's.
 *
 * @throws SpendRefusedError before anything is signed, ReceiptError where a server contradicts what was signed,
 *   BodyNotReplayableError for a body that cannot be sent twice.
 * @example new OpenAI({ baseURL, apiKey: 'x402', fetch: payingFetch(account), maxRetries: 0 })
 */
export function payingFetch(wallet: Wallet, options: PayingFetchOptions = {}): PayingFetch {
  const context = createContext({ wallet, options })
  const quotes = createQuoteShelf({ nowMs: context.nowMs })

  /** Pays with a quote asked for before; only by voucher, since a refused voucher costs nothing. */
  async function payQuoted(request: ReplayableRequest): Promise<Response | undefined> {
    const challenge = quotes.take(request)
    if (!challenge) return undefined
    const approved = context.policy.choose({ offers: challenge.offers, url: request.url })
    if (approved.offer.scheme !== 'batch-settlement') return undefined
    return payBill({ request, challenge, context, approved })
  }

  async function fetchPaid(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const asked = await replayable({ input, init })
    const response =
      (await payQuoted(asked)) ?? (await context.fetch(asked.url, { ...asked.init, headers: asked.headers }))
    await quotes.put({ request: asked, response })
    if (response.status !== 402) return response
    const challenge = decodeChallenge(response.headers.get('payment-required'))
    if (!challenge || challenge.offers.length === 0) return response
    // Where a redirect led is where the quote was made out for.
    const request = response.url ? { ...asked, url: response.url } : asked
    const { offers } = challenge
    const approved = context.policy.choose({ offers, url: request.url, askedUrl: asked.url })
    await demandSameOffers({ response, offers })
    return payBill({ request, challenge, context, approved })
  }

  return Object.assign(fetchPaid, {
    spent: context.policy.spent,
    channels: async () => (await context.channels.list()).map(summaryOf),
    refund: (url: string | URL) => refundChannel({ url: String(url), context }),
    startWithdrawal: (order: WithdrawalOrder) => startWithdrawal({ order, context }),
    finishWithdrawal: (order: WithdrawalOrder) => finishWithdrawal({ order, context }),
  })
}
