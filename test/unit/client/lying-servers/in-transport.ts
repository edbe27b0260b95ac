import { CEILING } from '../fake-server/terms.ts'
import type { Lie } from './lie.ts'

const ELSEWHERE = 'http://elsewhere.test/v1/chat/completions'

/** A payment that is never taken, or is to go to somebody else. */
export const LIES_IN_TRANSPORT: readonly Lie[] = [
  {
    lie: '409 for ever',
    between: (exchange) =>
      exchange.isPaid
        ? Promise.resolve(Response.json({}, { status: 409, headers: { 'x-call-id': 'call_1' } }))
        : exchange.answer(),
    verdict: 409,
    most: CEILING,
  },
  {
    lie: 'a redirect of the payment to another host',
    between: (exchange) =>
      exchange.isPaid ? Promise.resolve(Response.redirect(ELSEWHERE, 307)) : exchange.answer(),
    verdict: 'redirected',
    most: CEILING,
  },
  {
    lie: 'a 402 that comes from another host than was asked',
    between: async (exchange) => {
      const response = await exchange.answer()
      Object.defineProperty(response, 'url', { value: ELSEWHERE })
      return response
    },
    verdict: 'host',
    most: 0n,
  },
]
