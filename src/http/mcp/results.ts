import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { toWireError } from '../../lib/errors/to-wire.ts'
import type { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { InnerAnswer } from './inner-request.ts'

/** Names of x402's MCP transport. */
export const PAYMENT = 'x402/payment'
const RECEIPT = 'x402/payment-response'

type Json = Record<string, unknown>

export const jsonOf = (text: string): Json => JSON.parse(text) as Json

const decoded = (header: string): Json => jsonOf(Buffer.from(header, 'base64').toString())

/** The receipt stands beside every result of a payment, refusals included. */
function receiptOf({ headers }: InnerAnswer): { _meta?: Json } {
  const header = headers['payment-response'] ?? headers['x-payment-response']
  return typeof header === 'string' ? { _meta: { [RECEIPT]: decoded(header) } } : {}
}

/**
 * An answer of ours as a tool's result. A 402 becomes x402's challenge: PaymentRequired in `structuredContent`, and the same as text.
 *
 * @param toText what a model reads of a good answer; its JSON where absent.
 */
export function resultOf({
  answer,
  tool,
  toText = JSON.stringify,
}: {
  answer: InnerAnswer
  tool: string
  toText?: (json: Json) => string
}): CallToolResult {
  const required = answer.headers['payment-required']
  if (answer.status === 402 && typeof required === 'string') {
    return refusal(challenge({ required: decoded(required), tool }), receiptOf(answer))
  }
  const json = jsonOf(answer.body)
  if (answer.status !== 200) return refusal({ error: json['error'] }, receiptOf(answer))
  return { content: [{ type: 'text', text: toText(json) }], structuredContent: json, ...receiptOf(answer) }
}

/** What is sold is the tool. */
const challenge = ({ required, tool }: { required: Json; tool: string }): Json => ({
  ...required,
  resource: { ...(required['resource'] as Json), url: `mcp://tool/${tool}` },
})

const refusal = (structuredContent: Json, more: { _meta?: Json } = {}): CallToolResult => ({
  isError: true,
  content: [{ type: 'text', text: JSON.stringify(structuredContent) }],
  structuredContent,
  ...more,
})

export const refusalOf = (error: TurnpikeError): CallToolResult => refusal({ error: toWireError(error) })

/** A wallet that has not proved itself: the challenge without the offers, which nobody is to pay. */
export function signInRefusal(answer: InnerAnswer): CallToolResult {
  const header = String(answer.headers['payment-required'] ?? '')
  const { extensions } = decoded(header) as { extensions?: Json }
  return refusal({ error: jsonOf(answer.body)['error'], extensions })
}
