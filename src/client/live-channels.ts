import { parseAtomic, type Atomic } from '../lib/money.ts'
import { channelIdOf } from '../payment/channel-digest.ts'
import { parseAddress } from '../payment/hex.ts'
import type { Address, ChannelConfig, Hex, Network } from '../payment/types.ts'
import type { ChallengeOffer } from './challenge.ts'
import { createChannelBook, type BookState, type ChannelBook } from './channel-book.ts'
import type { ChannelRecord, ChannelStore, SignedDeposit } from './channel-store.ts'
import { SpendRefusedError, type ReceiptError } from './errors.ts'

/** A channel in use. */
export type LiveChannel = {
  readonly channelId: Hex
  readonly network: Network
  readonly config: ChannelConfig
  readonly origins: Set<string>
  readonly book: ChannelBook
  /** While a deposit is under way: settled when its answer's headers are there. */
  opening: Promise<void> | undefined
  /** Signed, and not known to be executed. */
  deposit: SignedDeposit | undefined
  /** The contradiction for which the channel is not used any more. */
  stopped: ReceiptError | undefined
}

export type LiveChannels = {
  /**
   * The channel of an offer, from the store where it is known.
   *
   * @throws SpendRefusedError `recipient` where this server was paid through a channel on other terms before.
   */
  readonly open: (parameters: { offer: ChallengeOffer; url: string }) => Promise<LiveChannel>
  readonly list: () => Promise<LiveChannel[]>
  /** Resolves when the channel's state is durable. */
  readonly save: (channel: LiveChannel) => Promise<void>
}

const NO_SALT: Hex = `0x${'00'.repeat(32)}`

export function createLiveChannels({
  store,
  payer,
  salt = NO_SALT,
  nowMs,
}: {
  store: ChannelStore
  payer: Address
  salt?: Hex | undefined
  nowMs: () => number
}): LiveChannels {
  const live = new Map<Hex, LiveChannel>()
  let loading: Promise<void> | undefined
  const load = () => (loading ??= loadAll())
  async function loadAll(): Promise<void> {
    for (const record of await store.list()) {
      if (record.config.payer === payer) live.set(record.channelId, fromRecord(record))
    }
  }

  function demandKnownTerms({ config, channelId, network, origin }: Terms): void {
    const other = [...live.values()].find(
      (channel) =>
        channel.channelId !== channelId &&
        channel.network === network &&
        channel.config.token === config.token &&
        channel.config.salt === config.salt &&
        channel.origins.has(origin),
    )
    if (!other) return
    throw new SpendRefusedError(
      'recipient',
      `${origin} was paid through channel ${other.channelId} to ${other.config.receiver} and now asks for a new channel to ${config.receiver} (or with other terms). Nothing was signed. If that is right, use another salt.`,
    )
  }

  return {
    async open({ offer, url }) {
      await load()
      const { network } = offer
      const config = configOf({ offer, payer, salt })
      const channelId = channelIdOf({ config, network })
      const { origin } = new URL(url)
      demandKnownTerms({ config, channelId, network, origin })
      const channel = live.get(channelId) ?? newChannel({ channelId, network, config })
      live.set(channelId, channel)
      channel.origins.add(origin)
      return channel
    },
    async list() {
      await load()
      return [...live.values()]
    },
    save: (channel) => store.save(toRecord({ channel, savedAtMs: nowMs() })),
  }
}

type Terms = { config: ChannelConfig; channelId: Hex; network: Network; origin: string }

function configOf({
  offer,
  payer,
  salt,
}: {
  offer: ChallengeOffer
  payer: Address
  salt: Hex
}): ChannelConfig {
  const receiverAuthorizer = parseAddress(offer.extra['receiverAuthorizer'])
  if (!receiverAuthorizer) throw new TypeError('A channel is offered without a receiverAuthorizer.')
  return {
    payer,
    payerAuthorizer: payer,
    receiver: offer.payTo,
    receiverAuthorizer,
    token: offer.asset,
    withdrawDelay: Number(offer.extra['withdrawDelay']),
    salt: salt.toLowerCase() as Hex,
  }
}

const newChannel = (identity: Pick<LiveChannel, 'channelId' | 'network' | 'config'>): LiveChannel => ({
  ...identity,
  origins: new Set(),
  book: createChannelBook(),
  opening: undefined,
  deposit: undefined,
  stopped: undefined,
})

function amountOf(text: string): Atomic {
  const amountAtomic = parseAtomic(text)
  if (amountAtomic === undefined) throw new TypeError(`The channel store holds "${text}" for an amount.`)
  return amountAtomic
}

function fromRecord(record: ChannelRecord): LiveChannel {
  const { channelId, network, config, origins, signature, deposit } = record
  const state: BookState = {
    settledAtomic: amountOf(record.settled),
    outAtomic: amountOf(record.out),
    signedAtomic: amountOf(record.signed),
    reportedAtomic: amountOf(record.reported),
    publishedAtomic: amountOf(record.published ?? '0'),
    balanceAtomic: amountOf(record.balance),
    ...(signature === undefined ? {} : { signature }),
  }
  const book = createChannelBook({ state, loadedAtMs: record.savedAtMs })
  return { ...newChannel({ channelId, network, config }), origins: new Set(origins), book, deposit }
}

function toRecord({ channel, savedAtMs }: { channel: LiveChannel; savedAtMs: number }): ChannelRecord {
  const { channelId, network, config, origins, book, deposit } = channel
  const state = book.state()
  return {
    channelId,
    network,
    config,
    origins: [...origins],
    settled: state.settledAtomic.toString(),
    out: state.outAtomic.toString(),
    signed: state.signedAtomic.toString(),
    ...(state.signature === undefined ? {} : { signature: state.signature }),
    reported: state.reportedAtomic.toString(),
    published: state.publishedAtomic.toString(),
    balance: state.balanceAtomic.toString(),
    ...(deposit === undefined ? {} : { deposit }),
    savedAtMs,
  }
}
