import type { Edit } from '../mutant-hooks.ts'
import type { CrashFigures } from './figures.ts'
import type { Force } from './kill-plan.ts'

export type CrashMutant = {
  readonly name: string
  readonly edits: readonly Edit[]
  /** Only the kills that its window needs: a known bug is looked for where it is. */
  readonly force: Force
}

const QUIET = { servers: 0, queues: 0, chains: 0, pauseMs: 0 } as const

/** Known bugs that only processes which really die can show. */
export const CRASH_MUTANTS: readonly CrashMutant[] = [
  {
    name: 'a transaction is sent before it is recorded',
    edits: [
      {
        file: 'src/settlement/send/send.ts',
        from: '    sign: (nonce) => sender.sign({ lane, nonce, prepared }),\n',
        to: `    sign: async (nonce) => {
      const signed = await sender.sign({ lane, nonce, prepared })
      await sender.broadcast(signed.raw)
      dependencies.reach('broadcast')
      return signed
    },\n`,
      },
    ],
    force: { ...QUIET, hits: 2, points: ['broadcast'] },
  },
  {
    name: 'what is to be settled is known to the process only',
    edits: [
      {
        file: 'src/call/serve/record.ts',
        from: `  dependencies.reach('captured')\n`,
        to: `  ;((globalThis as { jobs?: Set<string> }).jobs ??= new Set()).add(finished.callId)\n  dependencies.reach('captured')\n`,
      },
      {
        file: 'src/settlement/collect.ts',
        from: '  await eachRow(settlements, async (settlement) => {\n',
        to: `  await eachRow(settlements, async (settlement) => {
    if (!(globalThis as { jobs?: Set<string> }).jobs?.has(settlement.callId)) return\n`,
      },
    ],
    force: { ...QUIET, hits: 3, points: ['captured'] },
  },
]

/** Whether a run shows that something is wrong with the money. */
export function isCaught(figures: CrashFigures): boolean {
  return complaintsOf(figures).length > 0
}

/** Everything that must be zero or empty, in words. */
export function complaintsOf(figures: CrashFigures): readonly string[] {
  const { lost, doubleCharged, chargedVoid, duplicateUpstream, amountMismatches, twiceServed } = figures
  const counts = { lost, doubleCharged, chargedVoid, duplicateUpstream, amountMismatches, twiceServed }
  return [
    ...Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : [`${name} ${count}`])),
    ...figures.examples,
    ...figures.broken,
    ...figures.differences.map(
      (one) => `${one.class} ${one.subject}: ledger ${one.ledger}, chain ${one.chain}`,
    ),
    ...(figures.trialBalance === '0' ? [] : [`the trial balance is ${figures.trialBalance}`]),
  ]
}
