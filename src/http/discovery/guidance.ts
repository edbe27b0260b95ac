import { LIMITS } from '../../lib/limits.ts'

/** Three ways to pay, in the order of the offers. */
export const WAYS_TO_PAY = [
  'batch-settlement: deposit once into a channel, then one signature a call. No chain, no gas, no wait.',
  'upto: one Permit2 signature for the ceiling, settled at the tokens really used. For a single call.',
  'exact: the ceiling is transferred first (EIP-3009 or Permit2); what is not used becomes credit and is refunded.',
] as const

/** The whole story in a few sentences, for who has no time for the rest. */
export const GUIDANCE = [
  'Send a request of OpenAI (chat completions, responses, embeddings) or Anthropic (messages) as usual, without a key.',
  'It is answered 402 with offers in the PAYMENT-REQUIRED header (x402 v2). Sign one, send the same bytes again with PAYMENT-SIGNATURE.',
  `Or ask POST /v1/quotes?for=PATH with the same body first: its offers can be signed as they are and hold for ${LIMITS.quoteSeconds} s.`,
  'The charge is for the tokens really used and never above the offer. model "auto" takes the cheapest model that fits.',
  'Every error says in error.code what happened and in error.next what to do.',
].join(' ')
