import type { ProviderRuns } from '../world/provider-facts.ts'
import type { CallNote } from './call-note.ts'
import type { CallRow, LedgerFacts } from './ledger-facts.ts'

/** What is known after a run: by the clients, by the provider, by the ledger and by the chain, each apart from the others. */
export type Evidence = {
  readonly notes: readonly CallNote[]
  readonly runs: ProviderRuns
  readonly facts: LedgerFacts
  /** Per payer and token, what has left the wallet according to the chain. */
  readonly leftWallet: (query: { payer: string; asset: string }) => bigint
  /** What an answer of the provider costs by each scheme, computed apart from the server. */
  readonly chargeOf: (scheme: string) => bigint
}

export type Verdict = {
  readonly lost: number
  readonly doubleCharged: number
  readonly chargedVoid: number
  readonly duplicateUpstream: number
  readonly paidNotDelivered: number
  readonly amountMismatches: number
  /** Up to a few examples of each, for whoever has to find out. */
  readonly examples: readonly string[]
}

const EXAMPLES = 5
const ENDED: ReadonlySet<string> = new Set(['final', 'failed', 'lapsed'])
const isCharged = ({ chargeAtomic }: CallRow) => chargeAtomic !== undefined && chargeAtomic > 0n

/** Compares what everybody knows. Pure: the same evidence, the same verdict. */
export function judge(evidence: Evidence): Verdict {
  const { notes, facts } = evidence
  const rows = new Map(facts.calls.map((row) => [row.callId, row]))
  const charged = facts.calls.filter(isCharged)
  const delivered = new Set(notes.filter(({ ending }) => ending === 'served').map(({ callId }) => callId))

  const lost = [...lostCalls({ notes, rows }), ...unsettled(facts)]
  const doubled = [...chargedTwice(charged), ...wallets(evidence)]
  const worked = new Set(Object.values(evidence.runs).flat())
  const voids = charged
    .filter(
      ({ requestId, outcome }) => !worked.has(requestId) || outcome === 'failed' || outcome === 'abandoned',
    )
    .map((row) => `${row.callId} was charged ${row.chargeAtomic} for nothing (${row.outcome})`)
  const repeated = Object.entries(evidence.runs).flatMap(([key, ids]) =>
    ids.slice(1).map(() => `${key} was sent to the provider ${ids.length} times`),
  )
  const mismatches = amounts({ evidence, rows, charged })
  return {
    lost: lost.length,
    doubleCharged: doubled.length,
    chargedVoid: voids.length,
    duplicateUpstream: repeated.length,
    paidNotDelivered: charged.filter(({ callId }) => !delivered.has(callId)).length,
    amountMismatches: mismatches.length,
    examples: [lost, doubled, voids, repeated, mismatches].flatMap((list) => list.slice(0, EXAMPLES)),
  }
}

/** Calls that a client has a receipt for and the ledger does not know, or knows without an end. */
function lostCalls({
  notes,
  rows,
}: {
  notes: readonly CallNote[]
  rows: ReadonlyMap<string, CallRow>
}): readonly string[] {
  const served = notes.filter(({ ending }) => ending === 'served')
  const unknown = served.filter(({ callId }) => !rows.has(callId ?? '')).map(({ key }) => `${key} has no row`)
  const open = [...rows.values()].filter(({ outcome }) => outcome === undefined)
  return [...unknown, ...open.map(({ callId }) => `${callId} never ended`)]
}

/** Money that was charged, or is on its way in, and is not where it belongs after the drain. */
function unsettled({ calls, fundings, unended }: LedgerFacts): readonly string[] {
  const upto = calls.filter((row) => row.scheme === 'upto' && isCharged(row) && row.settlement !== 'final')
  const channel = calls.filter((row) => isCharged(row) && !row.isClaimed)
  const stuck = fundings.filter(({ state }) => !ENDED.has(state))
  return [
    ...upto.map(({ callId, settlement }) => `${callId} is charged and its settlement is ${settlement}`),
    ...channel.map(({ callId }) => `${callId} is charged and not claimed`),
    ...stuck.map(({ id, kind, state }) => `the ${kind} ${id} is ${state}`),
    ...Object.entries(unended).flatMap(([what, count]) => Array<string>(count).fill(`a ${what}`)),
  ]
}

/** Each body was sent by one call only: two charges for one are two charges for the same thing. */
function chargedTwice(charged: readonly CallRow[]): readonly string[] {
  const byRequest = Map.groupBy(charged, ({ requestHash }) => requestHash)
  return [...byRequest.values()].flatMap((rows) =>
    rows.slice(1).map(({ callId }) => `${callId} is a second charge for the same request`),
  )
}

/** The chain's own word on every wallet: what has left it is what the ledger says was paid, to the unit. */
function wallets({ facts, leftWallet }: Evidence): readonly string[] {
  return facts.wallets
    .filter(({ payer, asset, paidAtomic }) => leftWallet({ payer, asset }) > paidAtomic)
    .map(
      ({ payer, asset, paidAtomic }) =>
        `${payer} paid ${leftWallet({ payer, asset })} of ${asset} and the ledger knows of ${paidAtomic}`,
    )
}

function amounts({
  evidence: { notes, chargeOf, facts, leftWallet },
  rows,
  charged,
}: {
  evidence: Evidence
  rows: ReadonlyMap<string, CallRow>
  charged: readonly CallRow[]
}): readonly string[] {
  const told = notes
    .filter(({ callId, chargeAtomic }) => chargeAtomic !== undefined && rows.has(callId ?? ''))
    .filter(({ callId, chargeAtomic }) => rows.get(callId ?? '')?.chargeAtomic !== chargeAtomic)
  const computed = charged.filter(({ scheme, chargeAtomic }) => chargeAtomic !== chargeOf(scheme))
  const short = facts.wallets.filter(
    ({ payer, asset, paidAtomic }) => leftWallet({ payer, asset }) < paidAtomic,
  )
  return [
    ...told.map(({ key, chargeAtomic }) => `${key} was told ${chargeAtomic}, and another charge is booked`),
    ...computed.map(({ callId, chargeAtomic }) => `${callId} is charged ${chargeAtomic}`),
    ...short.map(({ payer, asset }) => `${payer} has paid less ${asset} than the ledger says`),
  ]
}
