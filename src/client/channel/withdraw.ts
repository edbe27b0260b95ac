import type { Atomic } from '../../lib/money.ts'
import { uintWord, bytes32Word } from '../../payment/signing/eip712.ts'
import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import {
  CONFIG_TYPE,
  configWords,
  demandChain,
  encodeCall,
  readNumbers,
  sendAndWait,
  type ChainClient,
} from '../wire/chain-client.ts'
import { usdOfToken, type PayContext } from '../context.ts'
import { ChainError } from '../wire/errors.ts'
import type { LiveChannel } from './live-channel.ts'

/** Which channel, and through which wallet client of the payer. */
export type WithdrawalOrder = { readonly channelId: string; readonly client: ChainClient }

/** A withdrawal that has begun. */
export type StartedWithdrawal = {
  readonly channelId: string
  readonly amountAtomic: Atomic
  readonly transaction: string
  /** Seconds since 1970, by the chain's clock. */
  readonly finishableAtSeconds: number
}

/** A withdrawal that has ended: what came back to the wallet. */
export type FinishedWithdrawal = {
  readonly channelId: string
  readonly amountAtomic: Atomic
  readonly transaction: string
}

async function channelFor({
  order: { channelId, client },
  context,
}: {
  order: WithdrawalOrder
  context: PayContext
}): Promise<LiveChannel> {
  const channels = await context.channels.list()
  const channel = channels.find((known) => known.channelId === channelId.toLowerCase())
  if (!channel) {
    throw new ChainError('channel_unknown', `This wallet's store knows no channel ${channelId}.`)
  }
  await demandChain({ client, network: channel.network })
  return channel
}

async function readChannel({ channel, client }: { channel: LiveChannel; client: ChainClient }) {
  const words = [bytes32Word(channel.channelId)]
  const read = (signature: string) =>
    readNumbers({ client, to: BATCH_SETTLEMENT, data: encodeCall({ signature, words }), count: 2 })
  const [[balanceAtomic = 0n, claimedAtomic = 0n], [pendingAtomic = 0n, initiatedAt = 0n]] =
    await Promise.all([read('channels(bytes32)'), read('pendingWithdrawals(bytes32)')])
  const finishableAtSeconds = Number(initiatedAt) + channel.config.withdrawDelay
  return {
    balanceAtomic,
    unclaimedAtomic: balanceAtomic - claimedAtomic,
    pending: initiatedAt === 0n ? undefined : { amountAtomic: pendingAtomic, finishableAtSeconds },
  }
}

/**
 * Begins to take a channel's money back without the server's help: everything that is not claimed. During the channel's
 * delay the server can still claim what it was promised by vouchers; the rest is paid by `finishWithdrawal`. From now on
 * the channel pays for no call. Begun before, it is not begun again.
 *
 * @throws ChainError `channel_unknown`, `wrong_chain`, `nothing_to_withdraw`, `transaction_failed`.
 */
export async function startWithdrawal({
  order,
  context,
}: {
  order: WithdrawalOrder
  context: PayContext
}): Promise<StartedWithdrawal> {
  const { client } = order
  const channel = await channelFor({ order, context })
  const { channelId, config } = channel
  const before = await readChannel({ channel, client })
  let transaction = ''
  if (!before.pending) {
    const { unclaimedAtomic } = before
    if (unclaimedAtomic <= 0n) {
      throw new ChainError('nothing_to_withdraw', `Everything in channel ${channelId} is claimed.`)
    }
    const data = encodeCall({
      signature: `initiateWithdraw(${CONFIG_TYPE},uint128)`,
      words: [...configWords(config), uintWord(unclaimedAtomic)],
    })
    transaction = await sendAndWait({ client, to: BATCH_SETTLEMENT, data })
  }
  const { pending } = before.pending ? before : await readChannel({ channel, client })
  if (!pending)
    throw new ChainError('no_withdrawal', `The chain does not show the withdrawal ${transaction}.`)
  const { amountAtomic, finishableAtSeconds } = pending
  channel.withdrawal = { amount: amountAtomic.toString(), finishableAtSeconds }
  await context.channels.save(channel)
  return { channelId, amountAtomic, transaction, finishableAtSeconds }
}

/**
 * Ends a withdrawal once the channel's delay is over: pays what claims have left to the payer.
 *
 * @throws ChainError `no_withdrawal`, `withdrawal_waits` (the message says until when), `wrong_chain`, `transaction_failed`.
 */
export async function finishWithdrawal({
  order,
  context,
}: {
  order: WithdrawalOrder
  context: PayContext
}): Promise<FinishedWithdrawal> {
  const { client } = order
  const channel = await channelFor({ order, context })
  const { channelId, config } = channel
  const [before, { timestamp }] = await Promise.all([readChannel({ channel, client }), client.getBlock()])
  if (!before.pending) {
    throw new ChainError('no_withdrawal', `No withdrawal from channel ${channelId} has begun.`)
  }
  const { finishableAtSeconds } = before.pending
  if (Number(timestamp) < finishableAtSeconds) {
    const at = new Date(finishableAtSeconds * 1_000).toISOString()
    throw new ChainError('withdrawal_waits', `The withdrawal can be finished from ${at} on.`)
  }
  const data = encodeCall({ signature: `finalizeWithdraw(${CONFIG_TYPE})`, words: configWords(config) })
  const transaction = await sendAndWait({ client, to: BATCH_SETTLEMENT, data })
  const { balanceAtomic } = await readChannel({ channel, client })
  const amountAtomic = before.balanceAtomic - balanceAtomic
  channel.book.learnBalance({ balanceAtomic, exact: true })
  channel.withdrawal = { amount: amountAtomic.toString(), finishableAtSeconds, isFinished: true }
  channel.deposit = undefined
  await context.channels.save(channel)
  tellWithdrawal({ channel, amountAtomic, transaction, context })
  return { channelId, amountAtomic, transaction }
}

function tellWithdrawal({
  channel: { channelId, network, config, origins },
  amountAtomic,
  transaction,
  context,
}: {
  channel: LiveChannel
  amountAtomic: Atomic
  transaction: string
  context: PayContext
}): void {
  const [url = ''] = origins
  context.onPaid({
    kind: 'withdrawal',
    url,
    scheme: 'batch-settlement',
    network,
    asset: config.token,
    amountAtomic,
    amountUsd: usdOfToken({ amountAtomic, network, token: config.token, context }),
    channelId,
    transaction,
  })
}
