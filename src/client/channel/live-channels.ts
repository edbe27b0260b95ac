import type { Atomic } from '../../lib/money.ts'
import { channelIdOf } from '../../payment/signing/channel-digest.ts'
import { parseAddress } from '../../payment/hex.ts'
import type { Address, ChannelConfig, Hex, Network } from '../../payment/types.ts'
import type { ChallengeOffer } from '../wire/challenge.ts'
import { createChannelBook } from './channel-book.ts'
import { fromRecord, mergeRecord } from './channel-record.ts'
import type { ChannelRecord, ChannelStore } from './channel-store.ts'
import { noteUser, otherUsers } from './channel-users.ts'
import { ReceiptError, SpendRefusedError } from '../wire/errors.ts'
import type { LiveChannel } from './live-channel.ts'

export type LiveChannels = {
  /** Who writes here: this paying fetch, among all that may share the store. */
  readonly owner: string
  /**
   * The channel of an offer, from the store where it is known.
   *
   * @throws SpendRefusedError `recipient` where this server was paid through a channel on other terms before.
   */
  readonly open: (parameters: { offer: ChallengeOffer; url: string }) => Promise<LiveChannel>
  readonly list: () => Promise<LiveChannel[]>
  /** Those that are loaded: what can be counted without a pause. */
  readonly loaded: () => Iterable<LiveChannel>
  /** Resolves when the channel's state is durable. */
  readonly save: (channel: LiveChannel) => Promise<void>
  /** Stops the channel, unless somebody else of this wallet uses it and so explains the server's sum. */
  readonly judge: (channel: LiveChannel) => void
}

const NO_SALT: Hex = `0x${'00'.repeat(32)}`

export function createLiveChannels({
  store,
  payer,
  salt = NO_SALT,
  isShared = false,
  nowMs,
  onLoaded = () => undefined,
}: {
  store: ChannelStore
  payer: Address
  salt?: Hex | undefined
  /** Whether other processes that share no store with this one use the same channels. */
  isShared?: boolean | undefined
  nowMs: () => number
  /** Told of each channel that the store knew. */
  onLoaded?: (channel: LiveChannel) => void
}): LiveChannels {
  const owner = crypto.randomUUID()
  const live = new Map<Hex, LiveChannel>()
  /** Channels in whose records others have lately written. */
  const withOthers = new Set<Hex>()
  const isWithOthers = (channelId: Hex) =>
    isShared || withOthers.has(channelId) || otherUsers({ channelId, owner, nowMs: nowMs() })
  const mayBeShared = (channelId: Hex) => () => store.isShared === true || isWithOthers(channelId)
  let loading: Promise<void> | undefined
  const load = () => (loading ??= loadAll())

  async function loadAll(): Promise<void> {
    for (const record of await store.list()) {
      if (record.config.payer !== payer || live.has(record.channelId)) continue
      const channel = fromRecord({ record, mayBeShared: mayBeShared(record.channelId) })
      live.set(record.channelId, channel)
      onLoaded(channel)
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

  async function update(channel: LiveChannel): Promise<ChannelRecord> {
    const { channelId } = channel
    const record = await store.update(channelId, (stored) =>
      mergeRecord({ channel, stored, owner, nowMs: nowMs() }),
    )
    const { stopped, withdrawal, signature } = record
    channel.book.learnSigned({
      signedAtomic: BigInt(record.signed),
      ...(signature === undefined ? {} : { signature }),
    })
    if (Object.keys(record.owners).some((name) => name !== owner)) withOthers.add(channelId)
    else withOthers.delete(channelId)
    if (stopped) channel.stopped ??= new ReceiptError(stopped.fault, stopped.message, channelId)
    if (!channel.withdrawal || channel.withdrawal.isFinished) channel.withdrawal = withdrawal
    return record
  }

  async function judgeNow(channel: LiveChannel): Promise<void> {
    const unexplainedAtomic = channel.book.unexplained()
    await update(channel).catch(() => undefined)
    if (isWithOthers(channel.channelId)) channel.book.accept()
    else channel.stopped ??= sumsDisagree({ channel, unexplainedAtomic })
    await update(channel).catch(() => undefined)
  }

  return {
    owner,
    async open({ offer, url }) {
      await load()
      const { network } = offer
      const config = configOf({ offer, payer, salt })
      const channelId = channelIdOf({ config, network })
      // Another process may have opened it meanwhile.
      if (!live.has(channelId)) await loadAll()
      const { origin } = new URL(url)
      demandKnownTerms({ config, channelId, network, origin })
      const channel =
        live.get(channelId) ??
        newChannel({
          channelId,
          network,
          config,
          book: createChannelBook({ mayBeShared: mayBeShared(channelId) }),
        })
      live.set(channelId, channel)
      channel.origins.add(origin)
      noteUser({ channelId, owner, nowMs: nowMs() })
      return channel
    },
    async list() {
      await load()
      return [...live.values()]
    },
    loaded: () => live.values(),
    save: async (channel) => void (await update(channel)),
    judge(channel) {
      const judging = judgeNow(channel).finally(() => {
        if (channel.judging === judging) channel.judging = undefined
      })
      channel.judging = judging
    },
  }
}

function sumsDisagree({
  channel: { channelId, book },
  unexplainedAtomic,
}: {
  channel: LiveChannel
  unexplainedAtomic: Atomic
}): ReceiptError {
  const { reportedAtomic } = book.state()
  return new ReceiptError(
    'sums_disagree',
    `The server reports ${reportedAtomic} atomic units as charged, ${unexplainedAtomic} more than its receipts explain. If another process pays from this wallet, give each its own salt, let them share a store, or set sharedChannels.`,
    channelId,
  )
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

const newChannel = (
  identity: Pick<LiveChannel, 'channelId' | 'network' | 'config' | 'book'>,
): LiveChannel => ({
  ...identity,
  origins: new Set(),
  calls: new Map(),
  ended: new Set(),
  opening: undefined,
  deposit: undefined,
  depositingAtomic: 0n,
  lapsedAtomic: 0n,
  withdrawal: undefined,
  judging: undefined,
  stopped: undefined,
})
