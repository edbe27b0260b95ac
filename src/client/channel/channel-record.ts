import { maxBigint, parseAtomic, type Atomic } from '../../lib/money.ts'
import { CALL_IS_OVER_MS, createChannelBook, type Ticket } from './channel-book.ts'
import type { ChannelRecord, OpenCall } from './channel-store.ts'
import { ReceiptError } from '../wire/errors.ts'
import type { CallPlace, LiveChannel } from './live-channel.ts'

function amountOf(text: string): Atomic {
  const amountAtomic = parseAtomic(text)
  if (amountAtomic === undefined) throw new TypeError(`The channel store holds "${text}" for an amount.`)
  return amountAtomic
}

const ticketOf = ({ id, ceiling, takenAtMs }: OpenCall): Ticket => ({
  id,
  ceilingAtomic: amountOf(ceiling),
  takenAtMs,
  order: 0,
})

/** The channel as a store remembers it; calls that an earlier process left open are open here too. */
export function fromRecord({
  record,
  mayBeShared,
}: {
  record: ChannelRecord
  mayBeShared: () => boolean
}): LiveChannel {
  const { channelId, network, config, origins, calls, deposit, withdrawal, stopped } = record
  const state = {
    settledAtomic: amountOf(record.settled),
    signedAtomic: amountOf(record.signed),
    reportedAtomic: amountOf(record.reported),
    publishedAtomic: amountOf(record.published),
    balanceAtomic: amountOf(record.balance),
    ...(record.signature === undefined ? {} : { signature: record.signature }),
  }
  const places = calls.map(({ id, owner, url, callId }): [string, CallPlace] => [
    id,
    { owner, url, ...(callId === undefined ? {} : { callId }) },
  ])
  return {
    channelId,
    network,
    config,
    origins: new Set(origins),
    book: createChannelBook({ state, calls: calls.map(ticketOf), mayBeShared }),
    calls: new Map(places),
    ended: new Set(),
    opening: undefined,
    deposit,
    depositingAtomic: 0n,
    lapsedAtomic: amountOf(record.lapsed ?? '0'),
    withdrawal,
    judging: undefined,
    stopped: stopped && new ReceiptError(stopped.fault, stopped.message, channelId),
  }
}

/** Calls that are open: ours as we know them, and those of others as they have stored them. */
function openCalls({
  channel,
  stored,
  owner,
}: {
  channel: LiveChannel
  stored: ChannelRecord | undefined
  owner: string
}): OpenCall[] {
  const open = channel.book.open().flatMap(({ id, ceilingAtomic, takenAtMs }): OpenCall[] => {
    const place = channel.calls.get(id)
    return place ? [{ id, ...place, ceiling: ceilingAtomic.toString(), takenAtMs }] : []
  })
  const isKnown = (id: string) => channel.calls.has(id) || channel.ended.has(id)
  const others = (stored?.calls ?? []).filter((call) => call.owner !== owner && !isKnown(call.id))
  return [...open, ...others]
}

/** Those who have written lately. */
function ownersOf({
  stored,
  owner,
  nowMs,
}: {
  stored: ChannelRecord | undefined
  owner: string
  nowMs: number
}): Record<string, number> {
  const recent = Object.entries(stored?.owners ?? {}).filter(([, atMs]) => nowMs - atMs < CALL_IS_OVER_MS)
  return { ...Object.fromEntries(recent), [owner]: nowMs }
}

/** Where another process has written since, the higher sum of both is kept: none of them ever really falls. */
function sumsOf({
  channel,
  other,
}: {
  channel: LiveChannel
  other: ChannelRecord | undefined
}): Pick<
  ChannelRecord,
  'settled' | 'signed' | 'signature' | 'reported' | 'published' | 'balance' | 'lapsed'
> {
  const { settledAtomic, signedAtomic, signature, reportedAtomic, publishedAtomic, balanceAtomic } =
    channel.book.state()
  const highest = (own: Atomic, stored: string | undefined) =>
    maxBigint(own, amountOf(stored ?? '0')).toString()
  const signed = highest(signedAtomic, other?.signed)
  const voucher = signed === signedAtomic.toString() ? signature : other?.signature
  const lapsed = highest(channel.lapsedAtomic, other?.lapsed)
  return {
    settled: highest(settledAtomic, other?.settled),
    signed,
    ...(voucher === undefined ? {} : { signature: voucher }),
    reported: highest(reportedAtomic, other?.reported),
    published: highest(publishedAtomic, other?.published),
    balance: highest(balanceAtomic, other?.balance),
    ...(lapsed === '0' ? {} : { lapsed }),
  }
}

/** What becomes of a stored record by what this process knows now. */
export function mergeRecord({
  channel,
  stored,
  owner,
  nowMs,
}: {
  channel: LiveChannel
  stored: ChannelRecord | undefined
  owner: string
  nowMs: number
}): ChannelRecord {
  const { channelId, network, config, origins, deposit, withdrawal, stopped } = channel
  const other = stored?.savedBy === owner ? undefined : stored
  const keptDeposit = deposit ?? other?.deposit
  const keptWithdrawal = withdrawal ?? other?.withdrawal
  const keptStop = stopped ? { fault: stopped.fault, message: stopped.message } : stored?.stopped
  return {
    channelId,
    network,
    config,
    origins: [...new Set([...(stored?.origins ?? []), ...origins])],
    ...sumsOf({ channel, other }),
    calls: openCalls({ channel, stored, owner }),
    ...(keptDeposit === undefined ? {} : { deposit: keptDeposit }),
    ...(keptWithdrawal === undefined ? {} : { withdrawal: keptWithdrawal }),
    ...(keptStop === undefined ? {} : { stopped: keptStop }),
    owners: ownersOf({ stored, owner, nowMs }),
    savedBy: owner,
    savedAtMs: nowMs,
  }
}
