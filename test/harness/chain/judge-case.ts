import { type ChainBench } from './chain-bench.ts'
import type { ChainCase } from './chain-case.ts'

export type Finding = {
  readonly name: string
  readonly end: string
  readonly seconds: number
  readonly wrong: readonly string[]
}

/** Runs one case and looks into the books after it. Never throws. */
export async function judgeCase({ one, bench }: { one: ChainCase; bench: ChainBench }): Promise<Finding> {
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
