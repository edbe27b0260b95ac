import { type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'
import { answerQuestions } from '../world/answer-questions.ts'
import { STACK } from './world.ts'

/** A further instance of the product on the same database. */
let stack: GovernedStack | undefined

answerQuestions({
  ready: true,
  answer: async (kind, value) => {
    if (kind !== 'open') throw new RangeError(`Nobody knows the question ${kind}.`)
    stack = await startGovernedStack({ ...STACK, databaseUrl: String(value) })
    return stack.chatUrl
  },
})
