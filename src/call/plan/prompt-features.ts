import { isObject } from '../../chat/read-values.ts'
import { requestNeeds } from '../../chat/request-needs.ts'
import type { ChatRequest } from '../../chat/types.ts'
import { type Features, readFeatures } from '../../routing/quality/read-features.ts'

/** By the body's fields, which stay the same object while one call is planned, perhaps several times. Goes with them. */
const known = new WeakMap<ChatRequest['fields'], Features | undefined>()

/**
 * What the estimates of quality look at of a request: hashes and counts of the user's last turn, and how the conversation is shaped. No word
 * can be read from it, and it lives as long as the request.
 *
 * @returns undefined where no text asks for anything: embeddings, and turns that show or say something besides.
 */
export function promptFeatures(request: ChatRequest): Features | undefined {
  const { fields } = request
  if (!known.has(fields)) known.set(fields, read(request))
  return known.get(fields)
}

function read(request: ChatRequest): Features | undefined {
  const { images, audio, structuredOutput } = requestNeeds(request)
  if (request.kind === 'embedding' || images || audio) return undefined
  const { messages } = request.fields
  const turns = (Array.isArray(messages) ? messages : []).filter(isObject)
  const asked = turns.filter(({ role }) => role === 'user')
  const text = textOf(asked.at(-1)?.['content'])
  if (text === '') return undefined
  const resultLength = lengthOf(turns.filter(({ role }) => role === 'tool' || role === 'function'))
  return readFeatures({
    text,
    request: {
      turns: asked.length,
      toolCount: request.toolCount,
      toolResultShare: resultLength / (resultLength + lengthOf(asked)),
      hasResponseFormat: structuredOutput,
    },
  })
}

type Turn = Readonly<Record<string, unknown>>

/** A turn's text, or the texts of its parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  const texts = content.flatMap((part) =>
    isObject(part) && typeof part['text'] === 'string' ? [part['text']] : [],
  )
  return texts.join('\n')
}

const lengthOf = (turns: readonly Turn[]): number =>
  turns.reduce((sum, { content }) => sum + textOf(content).length, 0)
