import { LIMITS } from '../../lib/limits.ts'
import type { Hex } from '../../payment/types.ts'
import { eachRow } from '../each-row.ts'
import { compareAuthorizations } from './compare-authorizations.ts'
import { compareBalances } from './compare-balances.ts'
import { compareChannels } from './compare-channels.ts'
import { compareGas } from './compare-gas.ts'
import type { NetworkPass, ReconcileDependencies } from './dependencies.ts'
import { judgeAuthorizations, judgeGroups } from './judge-groups.ts'
import { explainedLogs, groupSides } from './match-logs.ts'
import { readLogs } from './read-logs.ts'
import { acknowledged, recordFindings } from './record-findings.ts'
import type { Difference, Finding, Reconciliation, StoredLog } from './types.ts'

/**
 * Joins ledger and chain, both ways, up to each network's final block: transfers of our addresses, our channels' events and
 * payers' authorisations against the postings that tell of them; then balances, channels and gas to the unit. What is new on the
 * chain is read once and stored; differences that last become findings, and those that are gone are closed.
 *
 * Moves no money and changes no entry. Safe at any time, also while money is moving.
 *
 * @throws what a network threw whose chain could not be read, after the others have had their turn.
 */
export async function reconcile({
  dependencies,
}: {
  dependencies: ReconcileDependencies
}): Promise<Reconciliation> {
  const parts: Reconciliation[] = []
  await eachRow(dependencies.networks, async (network) => {
    parts.push(await reconcileNetwork({ network, dependencies }))
  })
  const sum = (count: (part: Reconciliation) => number) =>
    parts.reduce((total, part) => total + count(part), 0)
  return {
    differences: parts.flatMap(({ differences }) => differences),
    compared: {
      balances: sum(({ compared }) => compared.balances),
      channels: sum(({ compared }) => compared.channels),
      transfers: sum(({ compared }) => compared.transfers),
    },
    atBlock: Object.assign({}, ...parts.map(({ atBlock }) => atBlock)) as Record<string, string>,
    notes: parts.flatMap(({ notes }) => notes),
  }
}

/** Transactions, or channels, that a finding speaks of. */
const marksOf = (findings: readonly Finding[]): readonly Hex[] =>
  findings.flatMap(({ subject }) => [...subject.matchAll(/0x[0-9a-f]{64}/g)].map(([mark]) => mark as Hex))

const marksOfLogs = (logs: readonly StoredLog[]): readonly Hex[] =>
  logs.flatMap(({ transactionHash, event, subject }) =>
    event === 'withdrawn' && subject !== undefined ? [transactionHash, subject as Hex] : [transactionHash],
  )

async function reconcileNetwork(pass: NetworkPass): Promise<Reconciliation> {
  const { network, dependencies } = pass
  const { store, findings, payTo, till, nowMs } = dependencies
  const startedAtMs = nowMs()
  const read = await readLogs(pass)
  if (!read) return nothing(`The ledger of ${network} is not opened yet.`)
  const { at, checkpoint } = read

  const standing = await findings.listStanding({ network })
  const unexplained = await store.listLogs({ network, hashes: [] })
  const ledger = await store.readLedger({
    network,
    assets: dependencies.assetsOf(network),
    sinceMs: checkpoint.judgedUntilMs,
    marks: [...marksOf(standing), ...marksOfLogs(unexplained)],
    untilBlock: at.number,
  })
  const { movements, openHashes } = ledger
  const hashes = [...new Set(movements.flatMap(({ transactionHash }) => transactionHash ?? []))]
  const logs = await store.listLogs({ network, hashes })
  const groups = groupSides({ logs, movements, owners: { payTo, till } })
  const explained = explainedLogs({ logs, groups, movements })
  await store.explainLogs({ network, logs: explained })

  const moment = { network, at, nowMs: nowMs(), openHashes }
  const { differences, postponed } = judgeGroups({ groups, ...moment })
  const stillOpen = new Set(explained.map(({ log }) => log))
  const unknown = logs.filter((log) => log.entryId === undefined && !stillOpen.has(log))
  const balances = await compareBalances({ ...pass, at, ledger, groups })
  const channels = await compareChannels({ ...pass, at, ledger, groups })
  const gas = await compareGas({ ...pass, at, lanes: ledger.lanes, known: checkpoint.unbookedWei })
  const { suspects } = checkpoint
  const sums = [...balances.differences, ...channels.differences, ...gas.differences].map((difference) => ({
    ...difference,
    sinceMs: suspects[difference.subject] ?? difference.sinceMs,
  }))
  const all: readonly Difference[] = [
    ...differences,
    ...judgeAuthorizations({ logs: unknown, ...moment }),
    ...(await compareAuthorizations({ ...pass, at, movements })),
    ...sums,
  ]
  const { graceMs } = dependencies
  await recordFindings({ store: findings, standing, differences: all, graceMs, atMs: nowMs() })
  const oldest = Math.min(startedAtMs - LIMITS.reconcileLookBackMs, ...postponed.map(({ atMs }) => atMs))
  await store.setCheckpoint({
    network,
    checkpoint: {
      ...checkpoint,
      judgedUntilMs: oldest,
      suspects: Object.fromEntries(sums.map(({ subject, sinceMs }) => [subject, sinceMs])),
      unbookedWei: gas.unbookedWei,
    },
  })
  return {
    differences: all.filter((difference) => !acknowledged({ difference, standing })),
    compared: {
      balances: balances.count,
      channels: channels.count,
      transfers: await store.countTransfers({ network }),
    },
    atBlock: { [network]: at.number.toString() },
    notes: balances.notes,
  }
}

const nothing = (note: string): Reconciliation => ({
  differences: [],
  compared: { balances: 0, channels: 0, transfers: 0 },
  atBlock: {},
  notes: [note],
})
