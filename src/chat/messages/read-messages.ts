import { invalidField } from '../check-options.ts'
import { type Fields, isAbsent, present, readFields, readFlag, readList, readText } from '../read-values.ts'
import { namesOf } from '../schema.ts'
import { ASSISTANT_KINDS, RESULT_KINDS, SYSTEM_KINDS, USER_KINDS } from './block-fields.ts'
import { MESSAGE_FIELDS } from './fields.ts'
import { type Block, cacheControlOf, contentOf, imagePart, readBlocks, textPart } from './read-blocks.ts'

const MESSAGE_NAMES = namesOf(MESSAGE_FIELDS)

/** What stands for a tool's result that is nothing but images: OpenAI's tool messages hold text only. */
const IMAGE_BELOW = 'The result is the image below.'

const partOf = (block: Block): Fields => (block.kind === 'image' ? imagePart(block) : textPart(block))

/** A tool's result: its message, and its images, which have to go into the message of the user. */
function readResult({ fields, at }: Block): { message: Fields; images: readonly Fields[] } {
  const content = fields['content']
  const blocks = isAbsent(content)
    ? []
    : readBlocks({ value: content, at: `${at}.content`, kinds: RESULT_KINDS })
  const texts = blocks.filter(({ kind }) => kind === 'text').map(textPart)
  const images = blocks.filter(({ kind }) => kind === 'image').map(imagePart)
  const isError = readFlag({ value: fields['is_error'], at: `${at}.is_error` })
  const said = texts.length === 0 ? (images.length === 0 ? '' : IMAGE_BELOW) : contentOf(texts)
  const message = {
    role: 'tool',
    tool_call_id: readText({ value: fields['tool_use_id'], at: `${at}.tool_use_id` }),
    content: said,
    ...(isError ? { is_error: true } : {}),
    ...cacheControlOf({ fields, at }),
  }
  return { message, images }
}

/** Results first, since OpenAI wants them right after the calls; then what the user says beside them. */
function readUser({ content, at }: { content: unknown; at: string }): readonly Fields[] {
  const blocks = readBlocks({ value: content, at, kinds: USER_KINDS })
  const results = blocks.filter(({ kind }) => kind === 'tool_result').map(readResult)
  const own = blocks.filter(({ kind }) => kind !== 'tool_result').map(partOf)
  const parts = [...results.flatMap(({ images }) => images), ...own]
  const said = parts.length > 0 || results.length === 0 ? [{ role: 'user', content: contentOf(parts) }] : []
  return [...results.map(({ message }) => message), ...said]
}

function readToolUse({ fields, at }: Block): Fields {
  const input = readFields({ value: fields['input'], at: `${at}.input` })
  return {
    id: readText({ value: fields['id'], at: `${at}.id` }),
    type: 'function',
    function: {
      name: readText({ value: fields['name'], at: `${at}.name` }),
      arguments: JSON.stringify(input),
    },
    ...cacheControlOf({ fields, at }),
  }
}

/** Thinking goes round with its signature, or the vendor that signed it would refuse the next turn. */
function readThinking({ kind, fields, at }: Block): Fields {
  if (kind === 'redacted_thinking') {
    return {
      type: 'reasoning.encrypted',
      data: readText({ value: fields['data'], at: `${at}.data` }),
    }
  }
  const text = readText({ value: fields['thinking'], at: `${at}.thinking` })
  const signature = readText({ value: fields['signature'] ?? '', at: `${at}.signature` })
  // The thoughts of models that sign nothing come back with the empty signature that we gave them.
  return { type: 'reasoning.text', text, ...(signature === '' ? {} : { signature }) }
}

function readAssistant({ content, at }: { content: unknown; at: string }): Fields {
  const blocks = readBlocks({ value: content, at, kinds: ASSISTANT_KINDS })
  const texts = blocks.filter(({ kind }) => kind === 'text').map(textPart)
  const calls = blocks.filter(({ kind }) => kind === 'tool_use').map(readToolUse)
  const thoughts = blocks.filter(({ kind }) => kind.endsWith('thinking')).map(readThinking)
  const [first] = texts
  return present({
    role: 'assistant',
    content: first ? contentOf(texts) : calls.length > 0 ? null : '',
    tool_calls: calls.length > 0 ? calls : undefined,
    reasoning_details: thoughts.length > 0 ? thoughts : undefined,
  })
}

/** `system` as messages of OpenAI's. */
export function readSystem({ value, at }: { value: unknown; at: string }): readonly Fields[] {
  if (isAbsent(value)) return []
  const parts = readBlocks({ value, at, kinds: SYSTEM_KINDS }).map(textPart)
  return parts.length === 0 ? [] : [{ role: 'system', content: contentOf(parts) }]
}

/**
 * Anthropic's `messages` as OpenAI's: a tool's results become messages of their own, thinking becomes `reasoning_details`.
 *
 * @throws TurnpikeError of lib/errors/chat; param names the place, never the text.
 */
export function readMessages({ value }: { value: unknown }): readonly Fields[] {
  const list = readList({ value, at: 'messages' })
  if (list.length === 0) throw invalidField('messages', 'must not be empty.')
  return list.flatMap((one, index) => {
    const place = `messages[${index}]`
    const { role, content } = readFields({ value: one, at: place, known: MESSAGE_NAMES })
    const at = `${place}.content`
    if (role === 'user') return readUser({ content, at })
    if (role === 'assistant') return [readAssistant({ content, at })]
    if (role === 'system') return readSystem({ value: content, at })
    throw invalidField(`${place}.role`, 'must be one of user, assistant, system.')
  })
}
