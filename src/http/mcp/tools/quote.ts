import { CHAT_ARGUMENTS, CHAT_PATH, chatBodyOf } from '../chat-arguments.ts'
import { resultOf } from '../results.ts'
import type { Tool } from '../tool.ts'

/** POST /v1/quotes for the same arguments as `chat`. */
export const quote: Tool = {
  name: 'quote',
  title: 'Ask the price of a call',
  description:
    'The price of a chat call, without making it: estimate and ceiling in USD, other models with their prices, and offers that can be signed and sent with chat and the same arguments within two minutes. Free.',
  inputSchema: CHAT_ARGUMENTS,
  isFree: true,
  run: async ({ given, ask }) => {
    const body = chatBodyOf(given)
    return resultOf({
      answer: await ask({ method: 'POST', path: `/v1/quotes?for=${CHAT_PATH}`, body }),
      tool: 'quote',
    })
  },
}
