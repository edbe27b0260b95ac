import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { openBenchWorld } from '../test/bench/bench-world.ts'
import { measureBudgetCost } from '../test/bench/budget-cost.ts'
import { type CeilingFigures, figuresOf, measureCeilings } from '../test/bench/ceilings.ts'
import { measureExactCharges } from '../test/bench/exact-charges.ts'
import { measureFirstByte } from '../test/bench/first-byte.ts'
import { measureFdatasyncMs } from '../test/bench/machine.ts'
import { selfTimes } from '../test/bench/profile.ts'
import { judge, machineOf, type Report, reportText } from '../test/bench/report.ts'
import { measureRpcSilence } from '../test/bench/rpc-silence.ts'
import { measureVoucherCpu, profileVouchers } from '../test/bench/voucher-cpu.ts'
import { requireNode } from './require-node.ts'
import { startNotes } from './start-notes.ts'

/**
 * `npm run bench [-- --short] [--json] [--profile] [--embedded]`: what payment costs a call, and whether charges are exact.
 * docs/BENCHMARKS.md tells how to read it. Fails where exactness fails; whether a speed is good, its reader judges.
 * `npm run bench -- ceilings` prints what callers sign for, over what they are charged, and `npm run bench -- budgets` what four budgets add to an
 * admission; neither needs that world.
 */
requireNode()
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    embedded: { type: 'boolean', default: false },
  },
})
if (positionals[0] === 'ceilings') {
  await printCeilings()
  process.exit()
}
if (positionals[0] === 'budgets') {
  await printBudgetCost()
  process.exit()
}
const size = values.short
  ? { channels: 32, pairs: 20, rpcCalls: 100, rounds: 3, callsPerRound: 600, charges: 200 }
  : { channels: 64, pairs: 50, rpcCalls: 300, rounds: 5, callsPerRound: 1_500, charges: 1_000 }

const startedMs = performance.now()
const load = loadavg()[0] ?? 0
const note = startNotes()

const fdatasyncMs = measureFdatasyncMs()
const world = await openBenchWorld({
  channelCount: size.channels,
  embedded: values.embedded,
  onProgress: note,
})
const interrupt = () => void world.close().finally(() => process.exit(130))
process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
// Printed when everything is closed: a reader that has gone away (`| head`) must not leave a database behind.
const report = await run().finally(world.close)
process.stdout.write(`${values.json ? JSON.stringify(report, undefined, 2) : `\n${reportText(report)}`}\n`)
process.exitCode = report.goals.every(({ isMet, kind }) => isMet || kind === 'speed') ? 0 : 1

async function run(): Promise<Report> {
  note('First byte of paid and unpaid streams')
  const firstByte = await measureFirstByte({ world, pairs: size.pairs })
  note('RPC requests of voucher calls')
  const rpc = await measureRpcSilence({ world, calls: size.rpcCalls })
  note('CPU of voucher and unpaid calls')
  const cpu = await measureVoucherCpu({ world, rounds: size.rounds, callsPerRound: size.callsPerRound })
  const profile = values.profile
    ? selfTimes(await profileVouchers({ world, calls: 3_000 })).slice(0, 40)
    : undefined
  note('Charges of random calls')
  const charges = await measureExactCharges({ world, calls: size.charges })
  const database = world.postgres ? 'postgres' : 'embedded'
  return {
    machine: { ...machineOf(), load, database, fdatasyncMs },
    firstByte,
    rpc,
    cpu,
    charges,
    ...(profile ? { profile } : {}),
    goals: judge({ firstByte, rpc, cpu, charges }),
    seconds: (performance.now() - startedMs) / 1_000,
  }
}

async function printBudgetCost(): Promise<void> {
  const figures = await measureBudgetCost({
    rounds: values.short ? 5 : 9,
    callsPerRound: values.short ? 300 : 600,
  })
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`)
  else console.table(figures.map(rounded))
}

async function printCeilings(): Promise<void> {
  const rows = { 'one seller': 'one', 'all sellers': 'all' } as const
  for (const [name, hosts] of Object.entries(rows)) {
    const figures = figuresOf(await measureCeilings({ hosts }))
    if (values.json) process.stdout.write(`${JSON.stringify({ hosts, figures })}\n`)
    else console.table(figures.map((row) => ({ sellers: name, ...shown(row) })))
  }
}

/** Ratios of ceiling and charge, with two decimals. */
const shown = ({ unbounded, ...row }: CeilingFigures) => ({ ...rounded(row), unbounded: unbounded.length })

function rounded(row: Readonly<Record<string, string | number>>) {
  const short = (value: string | number) =>
    typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : value
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, short(value)]))
}
