import { budgetOf } from './budget/read-budget.ts'
import { scanMembers } from '../lib/json-members.ts'
import { checkMessages } from './check-messages.ts'
import { checkOptions } from './check-options.ts'
import type { Fields } from './read-values.ts'
import { routingOf } from './routing/read-routing.ts'
import type { ChatRequest } from './types.ts'

/**
 * A request of another dialect once its fields are OpenAI's: from here on it is priced, routed and sent like any other.
 *
 * @param fields of a chat completion, extensions included; without `stream_options`.
 * @param asked the body as the caller wrote it.
 * @throws TurnpikeError like readChatRequest; the names of OpenAI's fields that another dialect spells otherwise are checked before.
 */
export function fromHubFields({
  model,
  fields,
  asked,
}: {
  model: string
  fields: Fields
  asked: Fields
}): ChatRequest {
  const text = JSON.stringify(fields)
  return {
    model,
    ...checkMessages(fields['messages']),
    ...checkOptions(fields),
    ...routingOf({ fields: asked, model }),
    ...budgetOf({ fields: asked }),
    // Both other dialects tell the usage always.
    includeUsage: true,
    fields,
    text,
    members: scanMembers(text),
    asked,
  }
}
