import type { PartOptions, PartResult } from '../part.ts'
import { runHistory } from './run-history.ts'

/** One history again, told step by step: every call of a port with its answer, every death. */
export async function replay({
  seed,
  onProgress,
}: Pick<PartOptions, 'onProgress'> & { seed: number }): Promise<PartResult> {
  const { verdict, steps, known } = await runHistory({ seed, trace: onProgress })
  const { ledgerEqualsChain, violations, ...counts } = verdict
  return {
    ...counts,
    histories: 1,
    ledgerEqualsChain,
    violations: violations.map((line) => `--seed ${seed}: ${line}`),
    details: { steps, ...(known === undefined ? {} : { known }) },
  }
}
