import { CHAT_ARGUMENTS, CHAT_PATH, chatBodyOf } from '../chat-arguments.ts'
import { paymentHeader } from '../payment-header.ts'
import { resultOf } from '../results.ts'
import type { Tool } from '../tool.ts'

type Completion = {
  readonly choices: readonly { readonly message: { readonly content?: string | null } }[]
}

/** The first answer's text; what has none (calls of tools) is told as JSON. */
function textOf(json: Record<string, unknown>): string {
  const [choice] = (json as unknown as Completion).choices
  return choice?.message.content ?? JSON.stringify(choice?.message ?? {})
}

/** The one that costs money: POST /v1/chat/completions, paid as x402's MCP transport has it. */
export const chat: Tool = {
  name: 'chat',
  title: 'Ask a model',
  description:
    'Asks a language model and is charged for the tokens it used. Arguments are those of an OpenAI chat completion; model is vendor/model from list_models, or "auto". Without a payment it answers with the price and offers (x402); call it again with the same arguments and the signed payment in _meta["x402/payment"]. Set max_tokens: it bounds the price.',
  inputSchema: CHAT_ARGUMENTS,
  isFree: false,
  run: async ({ given, meta, ask }) => {
    const body = chatBodyOf(given)
    const answer = await ask({ method: 'POST', path: CHAT_PATH, headers: paymentHeader(meta), body })
    return resultOf({ answer, tool: 'chat', toText: textOf })
  },
}
