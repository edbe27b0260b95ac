import { TurnpikeError } from '../../../lib/errors/turnpike-error.ts'
import { onlyKnown, requireWords } from '../read-arguments.ts'
import { resultOf } from '../results.ts'
import type { Tool } from '../tool.ts'

const MAX_ID_CHARS = 64
/** Nothing else may get into a path. */
const CALL_ID = /^call_[\w-]+$/

/** GET /v1/calls/{id}. */
export const getReceipt: Tool = {
  name: 'get_receipt',
  title: 'What a call was charged',
  description:
    'State, charge and transaction of a call, by its id: turnpike.call_id in the answer of chat. Free.',
  inputSchema: {
    type: 'object',
    properties: {
      call_id: { type: 'string', maxLength: MAX_ID_CHARS, description: 'Begins with call_.' },
    },
    required: ['call_id'],
    additionalProperties: false,
  },
  isFree: true,
  run: async ({ given, ask }) => {
    onlyKnown({ given, known: ['call_id'] })
    const id = requireWords({ given, name: 'call_id', maxChars: MAX_ID_CHARS })
    if (!CALL_ID.test(id)) throw new TurnpikeError('call_not_found', { param: 'call_id' })
    const answer = await ask({ method: 'GET', path: `/v1/calls/${id}` })
    return resultOf({ answer, tool: 'get_receipt' })
  },
}
