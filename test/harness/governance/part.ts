import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasPostgres, MISSING_POSTGRES, type PostgresServer, startPostgres } from '../../support/postgres.ts'
import type { HarnessPart, PartOptions } from '../part.ts'
import { MUTANTS } from './mutants.ts'
import { type Cell, runCell } from './run-cell.ts'
import { openService } from './service.ts'
import { WAIT, WAIT_THEN_CLAMP } from './world.ts'

/** What of a limit has to be used in the end. */
const LEAST_USED = 0.97

const FORMS = {
  short: {
    cells: [32],
    calls: 300,
    processes: 2,
    nested: { calls: 500, inFlight: 32, dearestHolds: 2n },
    kills: [true],
    mutants: 1,
  },
  long: {
    cells: [1, 8, 32, 128],
    calls: 400,
    processes: 4,
    nested: { calls: 8_000, inFlight: 64, dearestHolds: 40n },
    kills: [false, true],
    mutants: 3,
  },
} as const

type World = Pick<PartOptions, 'short' | 'onProgress'> & {
  readonly server: PostgresServer
  readonly log: string
}

async function usualCells({ short, server, log, onProgress }: World): Promise<readonly Cell[]> {
  const { cells, calls } = FORMS[short ? 'short' : 'long']
  const service = await openService({ databaseUrl: await server.createDatabase(), processes: 1, log })
  const done: Cell[] = []
  for (const rules of short ? [WAIT_THEN_CLAMP] : [WAIT_THEN_CLAMP, WAIT]) {
    for (const inFlight of cells) {
      const cell = await runCell({ service, calls, inFlight, rules, seed: inFlight })
      onProgress(
        `${calls} calls, ${inFlight} in flight, ${cell.rule}: ${(cell.used * 100).toFixed(1)} % used`,
      )
      done.push(cell)
    }
  }
  await service.close()
  return done
}

/** Three nested limits, several processes, one of which is killed in the middle. */
async function nestedCells({ short, server, log, onProgress }: World): Promise<readonly Cell[]> {
  const { processes, nested, kills: kinds } = FORMS[short ? 'short' : 'long']
  const service = await openService({ databaseUrl: await server.createDatabase(), processes, log })
  const done: Cell[] = []
  for (const kills of kinds) {
    const cell = await runCell({ service, ...nested, rules: WAIT_THEN_CLAMP, seed: 7, kills })
    onProgress(
      `${nested.calls} calls to ${processes} processes${kills ? ', one of them killed' : ''}: ${(cell.used * 100).toFixed(1)} % used`,
    )
    done.push(cell)
  }
  await service.close()
  return done
}

const wrongIn = ({ complaints, used, overspend, rule, inFlight, processes }: Cell): readonly string[] => [
  ...complaints,
  ...(overspend === '0' ? [] : [`${overspend} pico-USD beyond a limit`]),
  ...(used >= LEAST_USED || rule === 'wait'
    ? []
    : [`${inFlight} in flight, ${processes} processes: only ${(used * 100).toFixed(1)} % of the limit used`]),
]

async function findMutants({ short, server, log, onProgress }: World) {
  const names = Object.keys(MUTANTS).slice(0, FORMS[short ? 'short' : 'long'].mutants)
  const lived: string[] = []
  for (const name of names) {
    const databaseUrl = await server.createDatabase()
    const service = await openService({ databaseUrl, processes: 1, edits: MUTANTS[name] ?? [], log })
    const cell = await runCell({
      service,
      calls: 400,
      inFlight: 32,
      rules: { ...WAIT_THEN_CLAMP, waitMs: 5_000 },
      seed: 3,
    })
    await service.close()
    const [seen] = wrongIn(cell)
    onProgress(`mutant "${name}": ${seen ?? 'not seen'}`)
    if (seen === undefined) lived.push(name)
  }
  return { caught: names.length - lived.length, total: names.length, lived }
}

/** Budgets under load: calls offered against limits of a few worst cases, by one process and by several, one of which is killed. */
export const governance: HarnessPart = {
  name: 'governance',
  run: async ({ short, onProgress }) => {
    if (!hasPostgres) return { violations: [], skipped: [`governance: ${MISSING_POSTGRES}`] }
    const server = await startPostgres()
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-governance-'))
    const world = { short, onProgress, server, log: join(folder, 'servers.log') }
    try {
      const all = [...(await usualCells(world)), ...(await nestedCells(world))]
      const isWaiting = ({ rule }: Cell) => rule === 'wait'
      const [cells, waitOnly] = [all.filter((cell) => !isWaiting(cell)), all.filter(isWaiting)]
      const { lived, ...mutants } = await findMutants(world)
      return {
        calls: all.reduce((sum, { calls }) => sum + calls, 0),
        mutants,
        cells,
        overspend: all.reduce((sum, { overspend }) => sum + Number(overspend), 0),
        // What waiting alone uses depends on what is asked for: it leaves what is smaller than the smallest worst case.
        details: { waitOnly },
        violations: [...all.flatMap(wrongIn), ...lived.map((name) => `the mutant "${name}" was not seen`)],
      }
    } finally {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
