import type { HarnessPart, PartResult } from '../part.ts'
import { type ChainBench, openChainBench } from './chain-bench.ts'
import type { ChainCase } from './chain-case.ts'
import { reorganisations } from './cases/reorganisations.ts'
import { rpcs } from './cases/rpcs.ts'
import { sending } from './cases/sending.ts'
import { strangers } from './cases/strangers.ts'
import { tokens } from './cases/tokens.ts'
import { withdrawals } from './cases/withdrawals.ts'

type Finding = {
  readonly name: string
  readonly end: string
  readonly seconds: number
  readonly wrong: readonly string[]
}

/** The short form goes to three depths and lets a minute without an RPC be two seconds. */
const casesOf = ({ short }: { short: boolean }): readonly ChainCase[] => [
  ...reorganisations(short ? [1, 4, 10] : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
  ...sending,
  ...rpcs({ downMs: short ? 2_000 : 60_000 }),
  ...strangers,
  ...tokens,
  ...withdrawals,
]

/** What a chain can do to money on its way: for each case the end state, the money, and the books. */
export const chain: HarnessPart = {
  name: 'chain',
  run: async ({ short, onProgress }) => {
    const findings: Finding[] = []
    let bench: ChainBench | undefined
    for (const one of casesOf({ short })) {
      bench ??= await openChainBench()
      const finding = await judgeCase({ one, bench })
      findings.push(finding)
      onProgress(`${one.name}: ${finding.wrong[0] ?? finding.end} (${finding.seconds} s)`)
      if (finding.wrong.length === 0) continue
      // What is wrong now would be wrong for every case after it.
      await bench.close()
      bench = undefined
    }
    await bench?.close()
    return resultOf(findings)
  },
}

async function judgeCase({ one, bench }: { one: ChainCase; bench: ChainBench }): Promise<Finding> {
  const startedMs = performance.now()
  let end = ''
  const wrong: string[] = []
  try {
    end = await one.run(bench)
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error))
  }
  wrong.push(
    ...(await bench.complaints().catch((error: unknown) => [`the books cannot be read: ${String(error)}`])),
  )
  return { name: one.name, end, wrong, seconds: Math.round((performance.now() - startedMs) / 100) / 10 }
}

function resultOf(findings: readonly Finding[]): PartResult {
  return {
    ledgerEqualsChain: findings.every(({ wrong }) => wrong.length === 0),
    violations: findings.flatMap(({ name, wrong }) => wrong.map((line) => `${name}: ${line}`)),
    details: { cases: findings.map(({ name, end, seconds }) => ({ name, end, seconds })) },
  }
}
