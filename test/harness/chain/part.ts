import type { HarnessPart, PartResult } from '../part.ts'
import { allCases } from './all-cases.ts'
import { type ChainBench, openChainBench } from './chain-bench.ts'
import { type Finding, judgeCase } from './judge-case.ts'
import { findChainMutants } from './mutants.ts'

/** What a chain can do to money on its way: for each case the end state, the money, and the books. */
export const chain: HarnessPart = {
  name: 'chain',
  run: async (options) => {
    const findings: Finding[] = []
    let bench: ChainBench | undefined
    for (const one of allCases(options)) {
      bench ??= await openChainBench()
      const finding = await judgeCase({ one, bench })
      findings.push(finding)
      options.onProgress(`${one.name}: ${finding.wrong[0] ?? finding.end} (${finding.seconds} s)`)
      if (finding.wrong.length === 0) continue
      // What is wrong now would be wrong for every case after it.
      await bench.close()
      bench = undefined
    }
    await bench?.close()
    return resultOf({ findings, ...(await findChainMutants(options)) })
  },
}

function resultOf({
  findings,
  caughtBy,
  names,
}: {
  findings: readonly Finding[]
  caughtBy: Readonly<Record<string, string>>
  names: readonly string[]
}): PartResult {
  const lived = names.filter((name) => !(name in caughtBy))
  return {
    ledgerEqualsChain: findings.every(({ wrong }) => wrong.length === 0),
    mutants: { caught: names.length - lived.length, total: names.length },
    violations: [
      ...findings.flatMap(({ name, wrong }) => wrong.map((line) => `${name}: ${line}`)),
      ...lived.map((name) => `the mutant "${name}" was not seen`),
    ],
    details: { cases: findings.map(({ name, end, seconds }) => ({ name, end, seconds })), mutants: caughtBy },
  }
}
