import { budgetOf } from '../budget/read-budget.ts'
import { invalidField } from '../check-options.ts'
import { checkNames, readBodyObject, readModel } from '../read-body-object.ts'
import { isAbsent, missingField, readOptional } from '../read-values.ts'
import { routingOf } from '../routing/read-routing.ts'
import type { ChatRequest } from '../types.ts'
import { LIMITS } from '../../lib/limits.ts'
import { EMBEDDINGS_FIELDS, ENCODINGS } from './fields.ts'

const isTokens = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => Number.isInteger(one) && one >= 0)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** One text, one list of tokens, or a list of either. @returns how many inputs there are. */
function countInputs(input: unknown): number {
  if (input === undefined) throw missingField('input')
  if (isText(input) || isTokens(input)) return 1
  const isList = Array.isArray(input) && input.length > 0 && (input.every(isText) || input.every(isTokens))
  if (!isList || input.length > LIMITS.embeddingInputs) {
    throw invalidField(
      'input',
      `must be a text, a list of tokens, or a list of up to ${LIMITS.embeddingInputs} of them; none may be empty.`,
    )
  }
  return input.length
}

/**
 * Reads the body of an embeddings request as what the house knows: a request without messages, whose answer has no text.
 *
 * @throws TurnpikeError of lib/errors/chat, with the field in `param`; never with text of the input.
 * @example readEmbeddingsRequest({ body: Buffer.from('{"model":"openai/text-embedding-3-small","input":"Hi"}') })
 */
export function readEmbeddingsRequest({ body }: { body: Uint8Array }): ChatRequest {
  const { text, fields, members } = readBodyObject({ body })
  const model = readModel(fields['model'])
  checkNames({ names: members.map(({ key }) => key), known: EMBEDDINGS_FIELDS })
  const { dimensions } = fields
  if (!isAbsent(dimensions) && !(Number.isInteger(dimensions) && Number(dimensions) >= 1))
    throw invalidField('dimensions', 'must be an integer of at least 1.')
  readOptional({ value: fields['encoding_format'], at: 'encoding_format', among: ENCODINGS })
  return {
    kind: 'embedding',
    model,
    stream: false,
    choices: 1,
    includeUsage: false,
    messageCount: countInputs(fields['input']),
    hasMessageExtensions: false,
    toolCount: 0,
    ...routingOf({ fields, model }),
    ...budgetOf({ fields }),
    fields,
    text,
    members,
  }
}
