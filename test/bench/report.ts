import { availableParallelism, cpus } from 'node:os'
import type { ExactCharges } from './exact-charges.ts'
import type { FirstByte } from './first-byte.ts'
import type { SelfTime } from './profile.ts'
import type { RpcSilence } from './rpc-silence.ts'
import type { VoucherCpu } from './voucher-cpu.ts'

/** Everything that one run found out; `--json` prints it as it is. */
export type Report = {
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly node: string
    /** Load average of the last minute when the run began. */
    readonly load: number
    readonly database: 'postgres' | 'embedded'
    readonly fdatasyncMs: number
  }
  readonly firstByte: FirstByte
  readonly rpc: RpcSilence
  readonly cpu: VoucherCpu
  readonly charges: ExactCharges
  readonly profile?: readonly SelfTime[]
  readonly goals: readonly Goal[]
  readonly seconds: number
}

export type Goal = {
  readonly name: string
  readonly measured: string
  readonly goal: string
  readonly isMet: boolean
  /** A goal of exactness must hold on any machine; one of speed is judged by people who know the machine. */
  readonly kind: 'exactness' | 'speed'
}

export const machineOf = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  node: process.versions.node,
})

const GOALS = { addedFirstByteMs: 5, reads: 18, nodeRatio: 3.5 } as const

/** @x402/express, from what is published about it: not measured by this bench. */
const REFERENCE =
  'the published Express middleware holds every write back until settlement: one read, after the end (cited)'

export function judge({
  firstByte,
  rpc,
  cpu,
  charges,
}: Pick<Report, 'firstByte' | 'rpc' | 'cpu' | 'charges'>): Goal[] {
  const areBooksGood = charges.brokenInvariants.length === 0 && charges.trialBalance === '0'
  return [
    {
      name: 'paid first byte over unpaid, p50',
      measured: `${firstByte.addedP50Ms.toFixed(1)} ms`,
      goal: `<= ${GOALS.addedFirstByteMs} ms`,
      isMet: firstByte.addedP50Ms <= GOALS.addedFirstByteMs,
      kind: 'speed',
    },
    {
      name: 'reads of a stream of 20 chunks, 50 ms apart',
      measured: `${firstByte.readsMedian}, worst ${firstByte.readsWorst}`,
      goal: `>= ${GOALS.reads}`,
      isMet: firstByte.readsMedian >= GOALS.reads,
      kind: 'speed',
    },
    {
      name: `RPC requests of ${rpc.calls} voucher calls`,
      measured: `${rpc.rpcRequests}${rpc.methods.length ? ` (${rpc.methods.join(', ')})` : ''}`,
      goal: '0',
      isMet: rpc.rpcRequests === 0,
      kind: 'exactness',
    },
    {
      name: 'node CPU, voucher call over unpaid call',
      measured: `${cpu.nodeRatio.toFixed(2)}x`,
      goal: `<= ${GOALS.nodeRatio}x`,
      isMet: cpu.nodeRatio <= GOALS.nodeRatio,
      kind: 'speed',
    },
    {
      name: `charges that differ from usage x price, of ${charges.calls}`,
      measured: String(charges.wrong),
      goal: '0',
      isMet: charges.wrong === 0,
      kind: 'exactness',
    },
    {
      name: 'charges above the signed ceiling',
      measured: String(charges.aboveCeiling),
      goal: '0',
      isMet: charges.aboveCeiling === 0,
      kind: 'exactness',
    },
    {
      name: "the ledger's invariants and trial balance afterwards",
      measured: areBooksGood ? 'good' : `${charges.brokenInvariants.join(', ')} ${charges.trialBalance}`,
      goal: 'good',
      isMet: areBooksGood,
      kind: 'exactness',
    },
  ]
}

const us = (value: number | undefined) => (value === undefined ? '-' : `${Math.round(value)} us`)
const ms = (value: number) => `${value.toFixed(1)} ms`

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n')
}

/** The report for people: the goals, then the figures behind them. */
export function reportText({
  machine,
  firstByte,
  rpc,
  cpu,
  charges,
  goals,
  profile,
  seconds,
}: Report): string {
  const { cpu: model, cores, node, load, database, fdatasyncMs } = machine
  const schemes = Object.entries(charges.byScheme).map(([scheme, calls]) => `${calls} ${scheme}`)
  const goalRows = goals.map(({ name, measured, goal, isMet }) => [isMet ? '✓' : '✗', name, measured, goal])
  const cpuRows = [
    ['', 'node', 'postgres', 'calls/s'],
    ['unpaid call', us(cpu.unpaidNodeUs), '-', cpu.unpaidPerSecond.toFixed(0)],
    ['voucher call', us(cpu.voucherNodeUs), us(cpu.voucherPostgresUs), cpu.voucherPerSecond.toFixed(0)],
    ['402 with a fresh quote', us(cpu.demandNodeUs), '-', ''],
  ]
  const rounds = cpu.rounds.map((round) => `${round.kind} ${Math.round(round.nodeUs)}`)
  const withPostgres =
    cpu.nodeAndPostgresRatio === undefined ? '' : `, ${cpu.nodeAndPostgresRatio.toFixed(2)}x with Postgres`
  const groups = cpu.callsPerGroup > 0 ? `, ${cpu.callsPerGroup.toFixed(0)} calls per database statement` : ''
  return [
    `${model}, ${cores} cores, load ${load.toFixed(1)} at the start, Node ${node}`,
    database === 'postgres'
      ? `Postgres with fsync on; the disk's fdatasync takes ${fdatasyncMs.toFixed(2)} ms`
      : 'No Postgres: the embedded database, which does not fsync',
    '',
    table([['', 'measured', '', 'goal'], ...goalRows]),
    `    ${REFERENCE}`,
    '',
    `First byte of ${firstByte.streams} streams, provider at 50 ms`,
    table([
      ['', 'p10', 'p50', 'p99'],
      ['paid', ms(firstByte.paidP10Ms), ms(firstByte.paidP50Ms), ms(firstByte.paidP99Ms)],
      ['unpaid', ms(firstByte.unpaidP10Ms), ms(firstByte.unpaidP50Ms), ms(firstByte.unpaidP99Ms)],
    ]),
    '',
    `CPU per call, ${cpu.inFlight} in flight: ${cpu.nodeRatio.toFixed(2)}x${withPostgres}${groups}`,
    table(cpuRows),
    `  node us, round by round: ${rounds.join(', ')}`,
    '',
    `RPC: ${rpc.rpcRequests} requests for ${rpc.calls} voucher calls; ${rpc.perDeposit.toFixed(1)} requests for a deposit, once per channel`,
    `Charges: ${schemes.join(', ')}; ${charges.models} prices, ${charges.streamed} streamed, ${charges.atCeiling} bounded by their ceiling`,
    ...(charges.example === undefined ? [] : [`  ${charges.example}`]),
    ...(profile ? ['', 'Self time of the server while it served voucher calls', profileTable(profile)] : []),
    '',
    `${seconds.toFixed(0)} s`,
  ].join('\n')
}

const profileTable = (profile: readonly SelfTime[]) =>
  table(profile.map(({ name, where, share }) => [`${(share * 100).toFixed(1)} %`, name, where]))
