import { ACCOUNTS } from '../../ledger/accounts.ts'
import type { Address, Hex } from '../../payment/types.ts'
import { authorizationSubject, type ChainLog, type Movement, type StoredLog } from './types.ts'

/** One side's part in a group: an amount that came in (above zero) or went out. */
type Leg<From> = {
  readonly key: string
  readonly account: string
  readonly amountAtomic: bigint
  readonly from: From
}

/** What ledger and chain say about one account in one transaction. Alike where both sums are the same. */
export type Group = {
  readonly key: string
  readonly asset: Address
  /** `chain:pay-to`, `chain:till`, or what happened to which channel. */
  readonly account: string
  readonly logs: readonly StoredLog[]
  readonly movements: readonly Movement[]
  readonly chainAtomic: bigint
  readonly ledgerAtomic: bigint
}

export type Owners = { readonly payTo: Address; readonly till: Address }

/** A payer's own withdrawal is booked without its transaction: it is found by its channel alone. */
const keyOf = (asset: Address, account: string, hash: Hex | undefined) =>
  account.startsWith('withdrawn ') ? `${asset} ${account}` : `${asset} ${account} ${hash ?? ''}`

function legsOfLog({ log, owners }: { log: StoredLog; owners: Owners }): Leg<StoredLog>[] {
  const leg = (account: string, amountAtomic: bigint): Leg<StoredLog> => ({
    key: keyOf(log.token, account, log.transactionHash),
    account,
    amountAtomic,
    from: log,
  })
  if (log.event === 'authorization_used') return []
  if (log.event !== 'transfer') return [leg(`${log.event} channel:${log.subject ?? ''}`, log.amountAtomic)]
  const sides = [
    [ACCOUNTS.payTo, owners.payTo],
    [ACCOUNTS.till, owners.till],
  ] as const
  return sides.flatMap(([account, owner]) => [
    ...(log.recipient === owner ? [leg(account, log.amountAtomic)] : []),
    ...(log.sender === owner ? [leg(account, -log.amountAtomic)] : []),
  ])
}

/** What an entry says happened at the channel contract, by its event. */
const CHANNEL_EVENTS: Readonly<Record<string, readonly [event: string, sign: bigint]>> = {
  deposit_final: ['deposited', 1n],
  claim_final: ['claimed', 1n],
  channel_refund_seen: ['refunded', 1n],
  channel_refund_undone: ['refunded', -1n],
  channel_withdrawn: ['withdrawn', 1n],
}

function legsOfMovement(movement: Movement): Leg<Movement>[] {
  const { debit, credit, event, channelId, amountAtomic, asset, transactionHash } = movement
  const leg = (account: string, signed: bigint): Leg<Movement> => ({
    key: keyOf(asset, account, transactionHash),
    account,
    amountAtomic: signed,
    from: movement,
  })
  const own = [ACCOUNTS.payTo, ACCOUNTS.till].flatMap((account) => [
    ...(debit === account ? [leg(account, amountAtomic)] : []),
    ...(credit === account ? [leg(account, -amountAtomic)] : []),
  ])
  const [word, sign] = CHANNEL_EVENTS[event] ?? []
  if (word === undefined || sign === undefined) return own
  return [...own, leg(`${word} channel:${channelId ?? ''}`, sign * amountAtomic)]
}

const sumOf = (legs: readonly Leg<unknown>[]) =>
  legs.reduce((sum, { amountAtomic }) => sum + amountAtomic, 0n)

/** The full outer join of logs and postings, by transaction and account. */
export function groupSides({
  logs,
  movements,
  owners,
}: {
  logs: readonly StoredLog[]
  movements: readonly Movement[]
  owners: Owners
}): readonly Group[] {
  const chain = Map.groupBy(
    logs.flatMap((log) => legsOfLog({ log, owners })),
    ({ key }) => key,
  )
  const ledger = Map.groupBy(movements.flatMap(legsOfMovement), ({ key }) => key)
  return [...new Set([...chain.keys(), ...ledger.keys()])].flatMap((key): Group[] => {
    const [chainLegs, ledgerLegs] = [chain.get(key) ?? [], ledger.get(key) ?? []]
    const [first] = [...chainLegs, ...ledgerLegs]
    if (!first) return []
    return [
      {
        key,
        asset: 'token' in first.from ? first.from.token : first.from.asset,
        account: first.account,
        logs: chainLegs.map(({ from }) => from),
        movements: ledgerLegs.map(({ from }) => from),
        chainAtomic: sumOf(chainLegs),
        ledgerAtomic: sumOf(ledgerLegs),
      },
    ]
  })
}

export const isAlike = ({ chainAtomic, ledgerAtomic }: Group): boolean => chainAtomic === ledgerAtomic

/** Logs that have no entry yet and are explained now: every account that they touch agrees. */
export function explainedLogs({
  logs,
  groups,
  movements,
}: {
  logs: readonly StoredLog[]
  groups: readonly Group[]
  movements: readonly Movement[]
}): readonly { readonly log: ChainLog; readonly entryId: string }[] {
  const groupsOf = new Map<StoredLog, Group[]>()
  for (const group of groups)
    for (const log of group.logs) groupsOf.set(log, [...(groupsOf.get(log) ?? []), group])
  return logs.flatMap((log) => {
    if (log.entryId !== undefined) return []
    const touched = groupsOf.get(log) ?? []
    const [movement] =
      log.event === 'authorization_used'
        ? movements.filter((one) => isAuthorizedBy({ movement: one, log }))
        : touched.flatMap((group) => group.movements)
    return movement && touched.every(isAlike) ? [{ log, entryId: movement.entryId }] : []
  })
}

/** The entry of a payment is in the transaction that used the payer's authorisation. */
const isAuthorizedBy = ({ movement, log }: { movement: Movement; log: ChainLog }): boolean =>
  movement.transactionHash === log.transactionHash &&
  movement.authorization !== undefined &&
  authorizationSubject(movement.authorization) === log.subject
