import { uptoFailed } from '../ledger/entries.ts'
import { LIMITS } from '../lib/limits.ts'
import { picoUsdToAtomic } from '../lib/money.ts'
import type { Network } from '../payment/types.ts'
import type { SettlementDependencies } from './dependencies.ts'
import { eachRow } from './each-row.ts'
import { type SendOutcome, sendTransaction } from './send/send.ts'
import type { ClaimableChannel, ClaimRow, DueSettlement } from './types.ts'

/** Rows looked at in one pass, and channels claimed by one transaction. */
const PASS = 50
const CLAIM_ROWS = 20

type Pass = { readonly network: Network; readonly dependencies: SettlementDependencies }

/** Settles `upto` calls at what they were charged, one transaction each. */
export async function collectUpto({ network, dependencies }: Pass): Promise<void> {
  const { due, chainOf, newId } = dependencies
  const chain = chainOf(network)
  const settlements = await due.listDueSettlements({ network, limit: PASS, order: newId() })
  await eachRow(settlements, async (settlement) => {
    const outcome = await sendTransaction({
      lane: chain.sender.lanes.signer,
      call: chain.calldata.upto(settlement),
      purpose: {
        kind: 'upto',
        callId: settlement.callId,
        asset: settlement.asset,
        payer: settlement.payer,
        amount: settlement.amountAtomic.toString(),
      },
      effects: [{ kind: 'settlement', callId: settlement.callId, state: 'signed' }],
      isUrgent: remainingMs({ settlement, dependencies }) < LIMITS.uptoUrgentSeconds * 1_000,
      dependencies,
    })
    if (outcome.kind === 'refused')
      await writeOffExpired({ settlement, reason: outcome.reason, dependencies })
  })
}

const remainingMs = ({
  settlement,
  dependencies,
}: {
  settlement: DueSettlement
  dependencies: SettlementDependencies
}) => settlement.authorization.deadline * 1_000 - dependencies.clock.nowMs()

/** A refusal may pass (a paused token, a payer who refills); only an expired authorisation is lost for good. */
async function writeOffExpired({
  settlement,
  reason,
  dependencies,
}: {
  settlement: DueSettlement
  reason: string
  dependencies: SettlementDependencies
}): Promise<void> {
  if (remainingMs({ settlement, dependencies }) > 0) return
  const { callId, network, asset, payer, amountAtomic } = settlement
  await dependencies.store.commit({
    entries: [uptoFailed({ callId, network, asset, payer, amountAtomic })],
    effects: [{ kind: 'settlement', callId, state: 'failed', error: reason }],
  })
}

/**
 * Claims channels in batches: those with enough unclaimed, those that wait too long, and at once those whose payer withdraws.
 * `everything` claims whatever is there (the demo, a shutdown, an operator's order).
 */
export async function collectClaims({
  network,
  dependencies,
  everything = false,
}: Pass & { everything?: boolean }) {
  const { due, clock } = dependencies
  const channels = await due.listClaimableChannels({ network, limit: PASS })
  const ready = channels.filter(
    (channel) => everything || isDue({ channel, nowMs: clock.nowMs(), network, dependencies }),
  )
  const batches = [...Map.groupBy(ready, ({ config }) => config.token).values()].flatMap(inBatches)
  await eachRow(batches, (batch) => claim({ channels: batch, network, dependencies }))
}

const inBatches = (channels: readonly ClaimableChannel[]): (readonly ClaimableChannel[])[] =>
  Array.from({ length: Math.ceil(channels.length / CLAIM_ROWS) }, (_, index) =>
    channels.slice(index * CLAIM_ROWS, (index + 1) * CLAIM_ROWS),
  )

function isDue({
  channel,
  nowMs,
  network,
  dependencies,
}: {
  channel: ClaimableChannel
  nowMs: number
  network: Network
  dependencies: SettlementDependencies
}): boolean {
  const { policy } = dependencies
  const decimals = policy.decimalsOf({ network, asset: channel.config.token })
  const threshold = picoUsdToAtomic({ amountPicoUsd: policy.claimAtPicoUsd, decimals })
  return (
    channel.withdrawRequestedAt > 0 ||
    unclaimedOf(channel) >= threshold ||
    nowMs - channel.oldestUnclaimedAtMs >= policy.claimEveryMs
  )
}

const unclaimedOf = (channel: ClaimableChannel) =>
  channel.chargedAtomic - channel.claimedAtomic - channel.claimingAtomic

/** The row that claims what a channel was charged, never more. */
export const claimRowOf = (channel: ClaimableChannel): ClaimRow => ({
  channelId: channel.id,
  config: channel.config,
  voucher: channel.highest,
  totalClaimedAtomic: channel.chargedAtomic,
})

/** One transaction for many channels. A batch that would revert is halved until the bad row stands alone and is left out. */
async function claim({
  channels,
  network,
  dependencies,
}: {
  channels: readonly ClaimableChannel[]
  network: Network
  dependencies: SettlementDependencies
}): Promise<void> {
  const open = channels.filter((channel) => unclaimedOf(channel) > 0n)
  const [first] = open
  if (!first) return
  const chain = dependencies.chainOf(network)
  const outcome: SendOutcome = await sendTransaction({
    lane: chain.sender.lanes.signer,
    call: chain.calldata.claim(open.map(claimRowOf)),
    purpose: {
      kind: 'claim',
      asset: first.config.token,
      rows: open.map((channel) => ({
        channelId: channel.id,
        totalClaimed: channel.chargedAtomic.toString(),
        delta: unclaimedOf(channel).toString(),
      })),
    },
    effects: [],
    isUrgent: open.some(({ withdrawRequestedAt }) => withdrawRequestedAt > 0),
    dependencies,
  })
  if (outcome.kind !== 'refused' || open.length === 1) return
  const middle = Math.ceil(open.length / 2)
  await claim({ channels: open.slice(0, middle), network, dependencies })
  await claim({ channels: open.slice(middle), network, dependencies })
}

/** Moves what has been claimed from the channel contract to the cold address. */
export async function collectClaimed({ network, dependencies }: Pass): Promise<void> {
  const chain = dependencies.chainOf(network)
  for (const { asset, amountAtomic } of await dependencies.due.listClaimedFunds({ network })) {
    if (amountAtomic <= 0n) continue
    await sendTransaction({
      lane: chain.sender.lanes.signer,
      call: chain.calldata.settle({ asset }),
      purpose: { kind: 'settle', asset, amount: amountAtomic.toString() },
      effects: [],
      dependencies,
    })
  }
}
