import { LIMITS } from '../../lib/limits.ts'
import type { Hex, Network } from '../../payment/types.ts'
import { type Group, isAlike } from './match-logs.ts'
import type { Block } from './ports.ts'
import type { Difference, DifferenceClass, Movement, StoredLog } from './types.ts'

export type Judgement = {
  readonly differences: readonly Difference[]
  /** Booked, and not old enough on the chain to be held against it. */
  readonly postponed: readonly Movement[]
}

type Moment = {
  readonly network: Network
  readonly at: Block
  readonly nowMs: number
  readonly openHashes: ReadonlySet<Hex>
}

/**
 * Which groups differ for good. Money on its way differs all the time: what the ledger has and the chain's final block does not
 * is looked at again later, and so is what the chain has of a transaction of ours that is not booked yet.
 */
export function judgeGroups({ groups, ...moment }: Moment & { groups: readonly Group[] }): Judgement {
  const differing = groups.filter((group) => !isAlike(group))
  const postponed = differing.flatMap(({ movements }) => movements.filter((one) => !isPast(one, moment)))
  const waiting = new Set(postponed)
  const settled = differing.filter(
    ({ movements, logs }) =>
      !movements.some((movement) => waiting.has(movement)) && !isInFlight({ logs, ...moment }),
  )
  return { postponed, differences: settled.map((group) => differenceOf({ group, network: moment.network })) }
}

/** Whether the chain's final block must show it. */
function isPast({ blockNumber, atMs }: Movement, { at }: Moment): boolean {
  if (blockNumber !== undefined) return blockNumber <= at.number
  return at.timestamp * 1_000 > atMs + LIMITS.reconcileGraceMs
}

/** Of our own transactions that are not booked; one that is not booked for an hour is a difference like any other. */
function isInFlight({ logs, openHashes, nowMs }: Moment & { logs: readonly StoredLog[] }): boolean {
  return logs.some(
    ({ transactionHash, seenAtMs }) =>
      openHashes.has(transactionHash) && nowMs - seenAtMs < LIMITS.reconcileInFlightMs,
  )
}

function classOf({ logs, movements }: Group): DifferenceClass {
  if (movements.length === 0) return 'chain_only'
  return logs.length === 0 ? 'ledger_only' : 'amount'
}

function differenceOf({ group, network }: { group: Group; network: Network }): Difference {
  const { logs, movements, account } = group
  const hash = logs[0]?.transactionHash ?? movements[0]?.transactionHash
  const times = [...logs.map(({ seenAtMs }) => seenAtMs), ...movements.map(({ atMs }) => atMs)]
  return {
    class: classOf(group),
    network,
    subject:
      hash === undefined ? `${account} ${group.asset}` : `${account} ${group.asset} in transaction ${hash}`,
    ledger: group.ledgerAtomic.toString(),
    chain: group.chainAtomic.toString(),
    sinceMs: Math.max(...times),
  }
}

/** Authorisations that were used on chain without a payment in the books: somebody else submitted what a payer had signed. */
export function judgeAuthorizations({
  logs,
  network,
  openHashes,
  nowMs,
  ...moment
}: Moment & { logs: readonly StoredLog[] }): readonly Difference[] {
  return logs
    .filter(({ event }) => event === 'authorization_used')
    .filter((log) => !isInFlight({ logs: [log], network, openHashes, nowMs, ...moment }))
    .map(({ subject, transactionHash, seenAtMs }) => ({
      class: 'chain_only',
      network,
      subject: `authorization ${subject} in transaction ${transactionHash}`,
      ledger: 'not used',
      chain: 'used',
      sinceMs: seenAtMs,
    }))
}
