import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** @param share 0.99 for the 99th percentile. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** What one 8 kB write takes until the disk has it, in ms: the floor of every durable commit. Median of a hundred. */
export function measureFdatasyncMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-bench-'))
  const file = openSync(join(folder, 'sync'), 'w')
  const page = Buffer.alloc(8_192, 1)
  const times = Array.from({ length: 100 }, (_, index) => {
    writeSync(file, page, 0, page.length, index * page.length)
    const startedMs = performance.now()
    fdatasyncSync(file)
    return performance.now() - startedMs
  })
  closeSync(file)
  rmSync(folder, { recursive: true })
  return median(times)
}

const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Nanoseconds that a process ran, from the scheduler; 0 once it is gone. */
const ranNs = (pid: string) => Number(read(`/proc/${pid}/schedstat`).split(' ')[0] ?? 0)

/** Linux counts the time of ended children in hundredths of a second. */
const TICK_US = 10_000

/**
 * CPU of a Postgres server in microseconds, all its processes, kernel included.
 *
 * @returns undefined where there is no /proc.
 */
export function readPostgresCpuUs(postmaster: number): number | undefined {
  const own = read(`/proc/${postmaster}/stat`)
  if (own === '') return undefined
  const endedChildren = own
    .slice(own.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15)
    .reduce((sum, ticks) => sum + Number(ticks), 0)
  const children = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    const stat = read(`/proc/${name}/stat`)
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === postmaster
  })
  const runningNs = [String(postmaster), ...children].reduce((sum, pid) => sum + ranNs(pid), 0)
  return runningNs / 1_000 + endedChildren * TICK_US
}
