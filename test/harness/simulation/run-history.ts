import type { Coverage } from './coverage.ts'
import { drain } from './drive/drain.ts'
import { STEPS, type StepName, WEIGHTS } from './drive/steps.ts'
import { judgeCalls } from './judge/judge-calls.ts'
import { judgeDenials } from './judge/judge-denials.ts'
import { judgeMoney } from './judge/judge-money.ts'
import { judgeSettled, judgeSettling } from './judge/judge-settling.ts'
import { newVerdict, type Verdict } from './judge/verdict.ts'
import type { Trace } from './trace.ts'
import { knownBugIn } from './known-bugs.ts'
import { createWorld } from './world.ts'

export type History = {
  readonly seed: number
  readonly steps: readonly StepName[]
  readonly verdict: Verdict
  readonly faults: ReadonlyMap<string, number>
  /** The bug, not fixed yet, that explains all of its violations. */
  readonly known?: string
}

/** One history from one seed: steps that overlap, faults on the way, a drain, a verdict. */
export async function runHistory({
  seed,
  coverage,
  trace,
}: {
  seed: number
  coverage?: Coverage
  trace?: Trace
}): Promise<History> {
  const world = createWorld({ seed, ...(coverage ? { coverage } : {}), ...(trace ? { trace } : {}) })
  const { random, scheduler, tables } = world
  const steps: StepName[] = []
  const verdict = newVerdict()
  world.begin()
  for (let left = random.integer(4, 10); left > 0; left -= 1) {
    const name = random.weighted(WEIGHTS)
    steps.push(name)
    trace?.(`step ${name}`)
    world.coverage.record(tables, name)
    await STEPS[name](world)
    // Most steps come to their end before the next; the others are overtaken by it.
    if (random.percent(60)) await scheduler.pass(random.pick([0, 300, 3_000]))
    else await scheduler.run(random.integer(1, 12))
  }
  trace?.('drain')
  await drain(world, () => judgeSettling(world, verdict))
  judgeCalls(world, verdict)
  judgeDenials(world, steps, verdict)
  judgeSettled(world, verdict)
  judgeMoney(world, verdict)
  const known = knownBugIn({ steps, violations: verdict.violations })
  return { seed, steps, verdict, faults: world.faults.hits, ...(known === undefined ? {} : { known }) }
}
