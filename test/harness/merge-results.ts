import type { PartResult } from './part.ts'

/** The figures of all parts that ran, in the shape that `npm run harness -- --json` prints. */
export type HarnessReport = {
  readonly calls: number
  readonly kills: { readonly server: number; readonly queue: number; readonly chain: number }
  readonly crashPoints: Readonly<Record<string, number>>
  readonly lost: number
  readonly doubleCharged: number
  readonly chargedVoid: number
  readonly duplicateUpstream: number
  readonly paidNotDelivered: number
  readonly ledgerEqualsChain: boolean
  readonly mutants: { readonly caught: number; readonly total: number }
  readonly histories: number
  /** Only where the part that has cells was run. */
  readonly cells?: readonly object[]
  readonly overspend?: number
  readonly skipped: readonly string[]
  readonly violations: readonly string[]
  readonly parts: Readonly<Record<string, { readonly seconds: number; readonly details: unknown }>>
}

export type FinishedPart = { readonly name: string; readonly seconds: number; readonly result: PartResult }

/** Adds the parts up. A part that did not look at the chain does not say that the ledger equals it. */
export function mergeResults(parts: readonly FinishedPart[]): HarnessReport {
  const results = parts.map(({ result }) => result)
  const sum = (read: (result: PartResult) => number | undefined) =>
    results.reduce((total, result) => total + (read(result) ?? 0), 0)
  const compared = results.flatMap(({ ledgerEqualsChain }) => ledgerEqualsChain ?? [])
  return {
    calls: sum(({ calls }) => calls),
    kills: {
      server: sum(({ kills }) => kills?.server),
      queue: sum(({ kills }) => kills?.queue),
      chain: sum(({ kills }) => kills?.chain),
    },
    crashPoints: addByName(results.map(({ crashPoints }) => crashPoints ?? {})),
    lost: sum(({ lost }) => lost),
    doubleCharged: sum(({ doubleCharged }) => doubleCharged),
    chargedVoid: sum(({ chargedVoid }) => chargedVoid),
    duplicateUpstream: sum(({ duplicateUpstream }) => duplicateUpstream),
    paidNotDelivered: sum(({ paidNotDelivered }) => paidNotDelivered),
    ledgerEqualsChain: compared.length > 0 && compared.every(Boolean),
    mutants: {
      caught: sum(({ mutants }) => mutants?.caught),
      total: sum(({ mutants }) => mutants?.total),
    },
    histories: sum(({ histories }) => histories),
    ...cellsOf(results),
    skipped: results.flatMap(({ skipped }) => skipped ?? []),
    violations: parts.flatMap(({ name, result }) => result.violations.map((line) => `${name}: ${line}`)),
    parts: Object.fromEntries(
      parts.map(({ name, seconds, result }) => [name, { seconds, details: result.details ?? {} }]),
    ),
  }
}

function cellsOf(results: readonly PartResult[]): Pick<HarnessReport, 'cells' | 'overspend'> {
  const judged = results.filter(({ cells }) => cells)
  if (judged.length === 0) return {}
  return {
    cells: judged.flatMap(({ cells = [] }) => cells),
    overspend: judged.reduce((total, { overspend = 0 }) => total + overspend, 0),
  }
}

/** Whether anything was violated or any mutant lived. A ledger that nobody compared is no fault of the run. */
export function isGood(parts: readonly FinishedPart[]): boolean {
  return parts.every(({ result }) => {
    const { lost = 0, doubleCharged = 0, chargedVoid = 0, duplicateUpstream = 0, mutants } = result
    return (
      result.violations.length === 0 &&
      lost + doubleCharged + chargedVoid + duplicateUpstream === 0 &&
      result.ledgerEqualsChain !== false &&
      (mutants === undefined || mutants.caught === mutants.total)
    )
  })
}

function addByName(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const [name, hits] of counts.flatMap((count) => Object.entries(count)))
    total[name] = (total[name] ?? 0) + hits
  return total
}
