import { answerQuestions } from '../world/answer-questions.ts'
import { allCases } from './all-cases.ts'
import { openChainBench } from './chain-bench.ts'
import { judgeCase } from './judge-case.ts'

/** One case in a process of its own, where a bug can be planted before anything is loaded. */
answerQuestions({
  ready: true,
  answer: async (_kind, name) => {
    const one = allCases({ short: true }).find((known) => known.name === name)
    if (!one) throw new RangeError(`No such case: ${String(name)}`)
    const bench = await openChainBench()
    try {
      return await judgeCase({ one, bench })
    } finally {
      await bench.close()
    }
  },
})
