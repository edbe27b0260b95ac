import type { Profiler } from 'node:inspector'
import { type BenchWorld, smallBody } from './bench-world.ts'
import { CHEAP_MODEL, FREE_MODEL } from './bench-catalog.ts'
import { median, readPostgresCpuUs } from './machine.ts'
import { preparePaid } from './quotes.ts'
import type { ServerReading } from './server-process.ts'
import { demandStatus, requestBytes, sendAll } from './wire.ts'

export type Round = {
  readonly kind: 'unpaid' | 'voucher'
  readonly nodeUs: number
  readonly postgresUs?: number
  readonly callsPerSecond: number
  readonly callsPerGroup: number
}

export type VoucherCpu = {
  readonly inFlight: number
  readonly rounds: readonly Round[]
  /** CPU of the server process per call. */
  readonly unpaidNodeUs: number
  readonly voucherNodeUs: number
  /** Median of the rounds' own ratios: a round is compared with its neighbour, not with another minute. */
  readonly nodeRatio: number
  readonly voucherPostgresUs?: number
  readonly nodeAndPostgresRatio?: number
  readonly unpaidPerSecond: number
  readonly voucherPerSecond: number
  readonly callsPerGroup: number
  /** CPU of one 402, which comes before a client's first payment of each call. */
  readonly demandNodeUs: number
}

const IN_FLIGHT = 64

/**
 * Server CPU per call, voucher against unpaid, over the same body, upstream and answer. Quotes are fetched and vouchers signed
 * before each round's clock starts.
 *
 * @param rounds of each kind, in turn; `warmUp` of them come before and are thrown away.
 */
export async function measureVoucherCpu({
  world,
  rounds,
  callsPerRound,
  warmUp = 2,
}: {
  world: BenchWorld
  rounds: number
  callsPerRound: number
  warmUp?: number
}): Promise<VoucherCpu> {
  const measured: Round[] = []
  const demands: number[] = []
  for (let number = -warmUp; number < rounds; number += 1) {
    const before = await world.server.ask<ServerReading>('read')
    const voucher = await preparedVouchers({ world, callsPerRound })
    const after = await world.server.ask<ServerReading>('read')
    const unpaid = Array.from({ length: callsPerRound }, (_, index) =>
      requestBytes({ body: smallBody(FREE_MODEL, index) }),
    )
    const pair = [
      { kind: 'unpaid', requests: unpaid },
      { kind: 'voucher', requests: voucher },
    ] as const
    for (const { kind, requests } of number % 2 === 0 ? pair : pair.toReversed()) {
      const round = await runRound({ world, kind, requests })
      if (number >= 0) measured.push(round)
    }
    if (number >= 0) demands.push((after.cpuUs - before.cpuUs) / callsPerRound)
  }
  return summarize({ rounds: measured, demands })
}

async function preparedVouchers({ world, callsPerRound }: { world: BenchWorld; callsPerRound: number }) {
  const { port, channels } = world
  const bodies = Array.from({ length: callsPerRound }, (_, index) => smallBody(CHEAP_MODEL, index))
  return (await preparePaid({ port, bodies, channels })).map(({ bytes }) => bytes)
}

async function runRound({
  world: { port, server, postgres },
  kind,
  requests,
}: {
  world: BenchWorld
  kind: Round['kind']
  requests: readonly Buffer[]
}): Promise<Round> {
  const postgresBefore = postgres && readPostgresCpuUs(postgres.pid)
  const before = await server.ask<ServerReading>('read')
  const { answers, wallMs } = await sendAll({ port, requests, inFlight: IN_FLIGHT })
  const after = await server.ask<ServerReading>('read')
  const postgresAfter = postgres && readPostgresCpuUs(postgres.pid)
  demandStatus(answers, 200)
  const groups = after.admitGroups - before.admitGroups
  return {
    kind,
    nodeUs: (after.cpuUs - before.cpuUs) / requests.length,
    ...(postgresBefore === undefined || postgresAfter === undefined
      ? {}
      : { postgresUs: (postgresAfter - postgresBefore) / requests.length }),
    callsPerSecond: (requests.length / wallMs) * 1_000,
    callsPerGroup: groups === 0 ? 0 : requests.length / groups,
  }
}

function summarize({
  rounds,
  demands,
}: {
  rounds: readonly Round[]
  demands: readonly number[]
}): VoucherCpu {
  const unpaid = rounds.filter(({ kind }) => kind === 'unpaid')
  const voucher = rounds.filter(({ kind }) => kind === 'voucher')
  const over = (read: (round: Round) => number) =>
    median(voucher.map((round, index) => read(round) / (unpaid[index]?.nodeUs ?? Number.NaN)))
  const hasPostgres = voucher.every(({ postgresUs }) => postgresUs !== undefined)
  return {
    inFlight: IN_FLIGHT,
    rounds,
    unpaidNodeUs: median(unpaid.map(({ nodeUs }) => nodeUs)),
    voucherNodeUs: median(voucher.map(({ nodeUs }) => nodeUs)),
    nodeRatio: over(({ nodeUs }) => nodeUs),
    ...(hasPostgres
      ? {
          voucherPostgresUs: median(voucher.map(({ postgresUs = 0 }) => postgresUs)),
          nodeAndPostgresRatio: over(({ nodeUs, postgresUs = 0 }) => nodeUs + postgresUs),
        }
      : {}),
    unpaidPerSecond: median(unpaid.map(({ callsPerSecond }) => callsPerSecond)),
    voucherPerSecond: median(voucher.map(({ callsPerSecond }) => callsPerSecond)),
    callsPerGroup: median(voucher.map(({ callsPerGroup }) => callsPerGroup)),
    demandNodeUs: median(demands),
  }
}

/** Profiles the server while it serves voucher calls only: quotes and vouchers are made before. */
export async function profileVouchers({ world, calls }: { world: BenchWorld; calls: number }) {
  const requests = await preparedVouchers({ world, callsPerRound: calls })
  await world.server.ask('profile')
  const { answers } = await sendAll({ port: world.port, requests, inFlight: IN_FLIGHT })
  demandStatus(answers, 200)
  return world.server.ask<Profiler.Profile>('profiled')
}
