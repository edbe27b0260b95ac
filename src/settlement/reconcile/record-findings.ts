import type { FindingStore } from './ports.ts'
import type { Difference, Finding } from './types.ts'

const keyOf = ({ class: kind, network, subject }: Difference | Finding) => `${network} ${kind} ${subject}`
const saysTheSame = (finding: Finding, difference: Difference) =>
  finding.ledger === difference.ledger && finding.chain === difference.chain

const answered = (finding: Finding, difference: Difference) =>
  finding.state === 'closed' && keyOf(finding) === keyOf(difference) && saysTheSame(finding, difference)

/** Whether an operator has closed just this difference, with these two values, and said why. */
export const acknowledged = ({
  difference,
  standing,
}: {
  difference: Difference
  standing: readonly Finding[]
}): boolean => standing.some((finding) => answered(finding, difference))

/**
 * Brings the findings up to what a whole pass has seen: a difference is one finding for as long as it lasts; one that is younger
 * than the grace is none yet; one that is gone is closed by itself.
 *
 * @param graceMs how long a difference lasts before it is a finding.
 * @param standing all findings of the same network that are open, or that an operator closed.
 */
export async function recordFindings({
  store,
  standing,
  differences,
  graceMs,
  atMs,
}: {
  store: FindingStore
  standing: readonly Finding[]
  differences: readonly Difference[]
  graceMs: number
  atMs: number
}): Promise<void> {
  const open = new Map(
    standing.filter(({ state }) => state === 'open').map((finding) => [keyOf(finding), finding]),
  )
  for (const difference of differences) {
    const known = open.get(keyOf(difference))
    open.delete(keyOf(difference))
    if (known) await store.touchFinding({ id: known.id, difference, atMs })
    else if (atMs - difference.sinceMs >= graceMs && !acknowledged({ difference, standing }))
      await store.openFinding({ difference, atMs })
  }
  for (const { id } of open.values())
    await store.closeFinding({ id, by: 'itself', reason: 'A later pass no longer saw it.', atMs })
}
