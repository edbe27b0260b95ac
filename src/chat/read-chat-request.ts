import { budgetOf } from './budget/read-budget.ts'
import { checkMessages } from './check-messages.ts'
import { checkOptions } from './check-options.ts'
import { CHAT_FIELDS } from './fields.ts'
import { checkNames, readBodyObject, readModel } from './read-body-object.ts'
import { routingOf } from './routing/read-routing.ts'
import type { ChatRequest } from './types.ts'

/**
 * Reads the body of a chat completion: once, before anything is paid, and strictly, because what is priced here is what
 * will be sent. No error of it ever holds text of the prompt.
 *
 * @param body the raw bytes; UTF-8.
 * @throws TurnpikeError `invalid_json`, `ambiguous_json`, `missing_field`, `invalid_field`, `unknown_field` or
 * `contradicting_options`, with the field in `param`. A missing model comes first: http reads it as a probe.
 * @example readChatRequest({ body: Buffer.from('{"model":"auto","messages":[{"role":"user","content":"Hi"}]}') })
 */
export function readChatRequest({ body }: { body: Uint8Array }): ChatRequest {
  const { text, fields, members } = readBodyObject({ body })
  const model = readModel(fields['model'])
  checkNames({ names: members.map(({ key }) => key), known: CHAT_FIELDS })
  const messages = checkMessages(fields['messages'])
  return {
    model,
    ...messages,
    ...checkOptions(fields),
    ...routingOf({ fields, model }),
    ...budgetOf({ fields }),
    fields,
    text,
    members,
  }
}
