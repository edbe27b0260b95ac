import { randomUUID } from 'node:crypto'
import type { BudgetTerms } from '../../src/call/budget-ports.ts'
import { openStorage, type Storage } from '../../src/storage/open-storage.ts'
import { holdsOn, termsOf } from '../support/budgets.ts'
import { admissionOf, captureOf, giveCredit, payerNamed } from '../support/calls.ts'
import { startPostgres } from '../support/postgres.ts'

const IN_FLIGHT = [1, 8, 32, 128] as const
const AMOUNTS = { chargePicoUsd: 1_000_000_000n, tokens: 100n, requests: 1n }
const PLENTY = 10n ** 24n

/** How long an admission takes with so many calls in flight, in milliseconds, and what four budgets add. */
export type BudgetCost = {
  readonly inFlight: number
  readonly plainMs: number
  readonly budgetsMs: number
  /** The median over pairs of rounds, one right after the other: what else the machine does hits both. */
  readonly addedMs: number
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** An organisation's month, a department's month, a member's day, a key's tokens. */
const fourBudgets = (): readonly BudgetTerms[] => [
  termsOf({ budgetId: randomUUID(), limit: PLENTY, thresholdsPercent: [80, 95, 100] }),
  termsOf({
    budgetId: randomUUID(),
    level: 'unit',
    levelId: 'sales',
    limit: PLENTY,
    thresholdsPercent: [80],
  }),
  termsOf({
    budgetId: randomUUID(),
    level: 'principal',
    levelId: 'p1',
    windowId: 'day:2027-01-15',
    limit: PLENTY,
  }),
  termsOf({ budgetId: randomUUID(), level: 'key', levelId: 'k1', metric: 'tokens', limit: PLENTY }),
]

/** Admits and captures calls, so many at a time; the times of the admissions. */
async function playRound({
  storage,
  calls,
  inFlight,
  budgets,
}: {
  storage: Storage
  calls: number
  inFlight: number
  budgets: readonly BudgetTerms[]
}): Promise<number[]> {
  const payer = { kind: 'wallet' as const, id: payerNamed('bench') }
  const times: number[] = []
  let left = calls
  const work = async () => {
    while (left-- > 0) {
      const plain = admissionOf({ payer })
      const admission = { ...plain, holds: [...plain.holds, ...holdsOn(budgets, AMOUNTS)] }
      const beganMs = performance.now()
      const { kind } = await storage.calls.admit(admission)
      times.push(performance.now() - beganMs)
      if (kind !== 'admitted') throw new Error(`A call of the bench is ${kind}.`)
      await storage.calls.capture(captureOf(admission.callId))
    }
  }
  await Promise.all(Array.from({ length: inFlight }, work))
  return times
}

/** Measures admissions over a Postgres server of its own, with its usual settings, with and without four budgets in turns. */
export async function measureBudgetCost({
  rounds,
  callsPerRound,
}: {
  rounds: number
  callsPerRound: number
}): Promise<readonly BudgetCost[]> {
  const server = await startPostgres({ fsync: true })
  try {
    const databaseUrl = await server.createDatabase()
    const storage = await openStorage({ databaseUrl, instanceId: randomUUID(), region: 'bench' })
    try {
      await giveCredit(storage, payerNamed('bench'), 10n ** 30n)
      const budgets = fourBudgets()
      const figures: BudgetCost[] = []
      for (const inFlight of IN_FLIGHT) {
        const play = async (own: readonly BudgetTerms[]) =>
          median(await playRound({ storage, calls: callsPerRound, inFlight, budgets: own }))
        await play(budgets)
        await play([])
        const pairs: { plain: number; full: number }[] = []
        for (let round = 0; round < rounds; round += 1)
          pairs.push({ plain: await play([]), full: await play(budgets) })
        figures.push({
          inFlight,
          plainMs: median(pairs.map(({ plain }) => plain)),
          budgetsMs: median(pairs.map(({ full }) => full)),
          addedMs: median(pairs.map(({ plain, full }) => full - plain)),
        })
      }
      return figures
    } finally {
      await storage.close()
    }
  } finally {
    await server.stop()
  }
}
