import { Gauge, type Registry } from 'prom-client'
import { DIFFERENCE_CLASSES } from '../settlement/reconcile/types.ts'

type OpenFindings = { readonly class: string; readonly open: number; readonly oldestAtMs: number }
type Suspension = { readonly network: string; readonly symbol: string; readonly isSuspended: boolean }

/** What is known about the books: all of it read at intervals, none of it on the way of a call. */
export function createBookMetrics({ registers }: { registers: Registry[] }) {
  const invariants = new Gauge({
    name: 'turnpike_ledger_invariant',
    help: 'Rows that break an invariant of the ledger, as of the last check; must be 0.',
    labelNames: ['name'],
    registers,
  })
  const findings = new Gauge({
    name: 'turnpike_reconciliation_findings',
    help: 'Open findings.',
    labelNames: ['class'],
    registers,
  })
  const oldest = new Gauge({
    name: 'turnpike_reconciliation_oldest_finding_seconds',
    help: 'Age of the oldest open finding; 0 without one.',
    registers,
  })
  const explained = new Gauge({
    name: 'turnpike_reconciliation_explained_share',
    help: 'Share of the value that moved on chain in the last day that the ledger explains.',
    labelNames: ['network'],
    registers,
  })
  const reconciledAt = new Gauge({
    name: 'turnpike_reconciliation_last_success_timestamp_seconds',
    help: 'When this instance last brought a reconciliation to its end.',
    registers,
  })
  const suspended = new Gauge({
    name: 'turnpike_token_suspended',
    help: '1 while a token is not taken: paused, with a fee, or one of our addresses blocked.',
    labelNames: ['network', 'token'],
    registers,
  })
  return {
    setInvariants(checks: readonly { readonly name: string; readonly rows: number }[]) {
      for (const { name, rows } of checks) invariants.set({ name }, rows)
    },
    setFindings({ counts, nowMs }: { counts: readonly OpenFindings[]; nowMs: number }) {
      for (const name of DIFFERENCE_CLASSES)
        findings.set({ class: name }, counts.find((count) => count.class === name)?.open ?? 0)
      const oldestAtMs = Math.min(nowMs, ...counts.map((count) => count.oldestAtMs))
      oldest.set((nowMs - oldestAtMs) / 1_000)
    },
    setReconciled({
      shares,
      nowMs,
    }: {
      shares: readonly { readonly network: string; readonly share: number }[]
      nowMs: number
    }) {
      for (const { network, share } of shares) explained.set({ network }, share)
      reconciledAt.set(nowMs / 1_000)
    },
    setSuspensions(tokens: readonly Suspension[]) {
      for (const { network, symbol, isSuspended } of tokens)
        suspended.set({ network, token: symbol }, isSuspended ? 1 : 0)
    },
  }
}

export type BookMetrics = ReturnType<typeof createBookMetrics>
