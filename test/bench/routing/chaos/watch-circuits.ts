import type { HealthWatch } from '../../../../src/call/serve/watch-health.ts'
import { FIRST_ENDPOINTS, type Outage } from './weather.ts'

type Note = { readonly atMs: number; readonly what: 'failed' | 'opened' | 'closed' }

/** Writes down when circuits open and close, and when attempts fail. Times are milliseconds since the start. */
export function watchCircuits({ health, nowMs }: { health: HealthWatch; nowMs: () => number }) {
  const notes = new Map<string, Note[]>()
  const isOpen = new Map<string, boolean>()
  function look(endpointId: string): void {
    const { circuit } = health.of({ endpointId, inputTokens: 0 })
    if (circuit === 'half-open' || (circuit === 'open') === (isOpen.get(endpointId) ?? false)) return
    isOpen.set(endpointId, circuit === 'open')
    note(endpointId, circuit === 'open' ? 'opened' : 'closed')
  }
  function note(endpointId: string, what: Note['what']): void {
    notes.set(endpointId, [...(notes.get(endpointId) ?? []), { atMs: nowMs(), what }])
  }
  const watched: HealthWatch = {
    ...health,
    take(report) {
      if (report.outcome === 'failed') note(report.endpointId, 'failed')
      health.take(report)
      look(report.endpointId)
    },
    answered(endpointId) {
      health.answered(endpointId)
      look(endpointId)
    },
  }
  return { watched, notesOf: (endpointId: string): readonly Note[] => notes.get(endpointId) ?? [] }
}

export type Spread = {
  readonly count: number
  readonly median: number
  readonly p95: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.map(Math.round).toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return sorted.length === 0
    ? undefined
    : { count: sorted.length, median: at(0.5), p95: at(0.95), max: at(1) }
}

/**
 * How long a dead endpoint was still asked (from its first failure until its circuit opened), and how long one that is well again was
 * not (from the end of its outage until its circuit closed). Only endpoints that are asked first: nobody misses the others.
 */
export function timesOf({
  outages,
  notesOf,
}: {
  outages: readonly Outage[]
  notesOf: (endpointId: string) => readonly Note[]
}) {
  const leaveMs: number[] = []
  const comeBackMs: number[] = []
  for (const { endpointId, fromMs, untilMs } of outages) {
    if (!FIRST_ENDPOINTS.has(endpointId)) continue
    const notes = notesOf(endpointId)
    const during = notes.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
    const failed = during.find(({ what }) => what === 'failed')
    const opened = during.find(({ what }) => what === 'opened')
    if (failed && opened) leaveMs.push(Math.max(0, opened.atMs - failed.atMs))
    const closed = notes.find(({ atMs, what }) => atMs >= untilMs && what === 'closed')
    if (opened && closed) comeBackMs.push(closed.atMs - untilMs)
  }
  return { leaveDeadEndpointMs: spreadOf(leaveMs), comeBackMs: spreadOf(comeBackMs) }
}
