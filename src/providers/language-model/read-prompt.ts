import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultPart,
} from '@ai-sdk/provider'
import { type Fields, isObject } from '../../chat/read-values.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'

type AssistantPart = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'][number]
type UserPart = Extract<LanguageModelV4Message, { role: 'user' }>['content'][number]

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** What only Anthropic knows of a part: where its cache may end. */
const cachedAs = (part: Fields) =>
  isObject(part['cache_control'])
    ? { providerOptions: { anthropic: { cacheControl: part['cache_control'] as never } } }
    : {}

/**
 * Messages of the chat dialect as a prompt of the AI SDK. Order and text stay; a tool's answer is given the name of the call that it
 * answers, which the chat dialect does not repeat.
 *
 * @throws TurnpikeError `upstream_rejected` where a part has no place in this provider's dialect; nothing was sent.
 */
export function readPrompt(messages: readonly unknown[]): LanguageModelV4Prompt {
  const namesOfCalls = new Map<string, string>()
  const prompt: LanguageModelV4Message[] = []
  for (const message of messages) {
    if (!isObject(message)) continue
    const role = message['role']
    if (role === 'system' || role === 'developer') prompt.push(...systemOf(message))
    else if (role === 'user') prompt.push({ role: 'user', content: userParts(message['content']) })
    else if (role === 'assistant')
      prompt.push({ role: 'assistant', content: assistantParts(message, namesOfCalls) })
    else addToolAnswer({ message, namesOfCalls, prompt })
  }
  return prompt
}

function systemOf(message: Fields): LanguageModelV4Message[] {
  const { content } = message
  if (typeof content === 'string') return [{ role: 'system', content, ...cachedAs(message) }]
  return listOf(content)
    .filter(isObject)
    .map((part) => ({ role: 'system', content: textOf(part['text']), ...cachedAs(part) }))
}

function userParts(content: unknown): UserPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return listOf(content)
    .filter(isObject)
    .map((part): UserPart => {
      if (part['type'] === 'text') return { type: 'text', text: textOf(part['text']), ...cachedAs(part) }
      return { ...filePart(part), ...cachedAs(part) }
    })
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.-]+)*;base64,/

/** Images, sounds and files. An address is handed on; the provider fetches it, never we. */
function filePart(part: Fields): LanguageModelV4FilePart {
  const { type } = part
  const holder = isObject(part[String(type)]) ? (part[String(type)] as Fields) : {}
  if (type === 'image_url') return fileAt({ address: textOf(holder['url']), mediaType: 'image/*' })
  if (type === 'input_audio') {
    const mediaType = `audio/${textOf(holder['format']) || 'wav'}`
    return { type: 'file', mediaType, data: { type: 'data', data: textOf(holder['data']) } }
  }
  if (type === 'file' && typeof holder['file_data'] === 'string') {
    return fileAt({ address: holder['file_data'], mediaType: 'application/pdf' })
  }
  throw notTaken('messages')
}

function fileAt({ address, mediaType }: { address: string; mediaType: string }): LanguageModelV4FilePart {
  const inline = DATA_URL.exec(address)
  if (inline) {
    const data = address.slice(inline[0].length)
    return { type: 'file', mediaType: inline[1] ?? mediaType, data: { type: 'data', data } }
  }
  if (!URL.canParse(address)) throw notTaken('messages')
  return { type: 'file', mediaType, data: { type: 'url', url: new URL(address) } }
}

/** Thoughts come first, as they were thought; without its signature a thought is worth nothing to its author and stays behind. */
function assistantParts(message: Fields, namesOfCalls: Map<string, string>): AssistantPart[] {
  const parts: AssistantPart[] = listOf(message['reasoning_details']).filter(isObject).flatMap(thoughtParts)
  const { content } = message
  if (typeof content === 'string' && content !== '') parts.push({ type: 'text', text: content })
  for (const part of listOf(content).filter(isObject)) {
    parts.push({ type: 'text', text: textOf(part['text'] ?? part['refusal']), ...cachedAs(part) })
  }
  for (const call of listOf(message['tool_calls']).filter(isObject)) parts.push(callPart(call, namesOfCalls))
  return parts
}

function thoughtParts(detail: Fields): AssistantPart[] {
  const { type } = detail
  if (type === 'reasoning.text' && typeof detail['signature'] === 'string') {
    const signature = detail['signature']
    const providerOptions = { anthropic: { signature }, google: { thoughtSignature: signature } }
    return [{ type: 'reasoning', text: textOf(detail['text']), providerOptions }]
  }
  if (type === 'reasoning.encrypted' && typeof detail['data'] === 'string') {
    return [{ type: 'reasoning', text: '', providerOptions: { anthropic: { redactedData: detail['data'] } } }]
  }
  return []
}

function callPart(call: Fields, namesOfCalls: Map<string, string>): AssistantPart {
  const called = isObject(call['function']) ? call['function'] : {}
  const [toolCallId, toolName] = [textOf(call['id']), textOf(called['name'])]
  namesOfCalls.set(toolCallId, toolName)
  const extra = isObject(call['extra_content']) ? call['extra_content']['google'] : undefined
  const signature = isObject(extra) ? extra['thought_signature'] : undefined
  return {
    type: 'tool-call',
    toolCallId,
    toolName,
    input: inputOf(called['arguments']),
    ...(typeof signature === 'string'
      ? { providerOptions: { google: { thoughtSignature: signature } } }
      : {}),
  }
}

/** Arguments are JSON in a string; models do write what is none, and it has to be shown to them again. */
function inputOf(json: unknown): unknown {
  try {
    return JSON.parse(textOf(json) || '{}')
  } catch {
    return { invalid_json: textOf(json) }
  }
}

/** Answers to calls of one turn belong into one message. */
function addToolAnswer({
  message,
  namesOfCalls,
  prompt,
}: {
  message: Fields
  namesOfCalls: ReadonlyMap<string, string>
  prompt: LanguageModelV4Message[]
}): void {
  const toolCallId = textOf(message['tool_call_id'])
  const { content } = message
  const texts =
    typeof content === 'string'
      ? [content]
      : listOf(content).map((part) => (isObject(part) ? textOf(part['text']) : ''))
  const value = texts.join('')
  const answer: LanguageModelV4ToolResultPart = {
    type: 'tool-result',
    toolCallId,
    toolName: namesOfCalls.get(toolCallId) ?? (textOf(message['name']) || 'tool'),
    output: message['is_error'] === true ? { type: 'error-text', value } : { type: 'text', value },
    ...cachedAs(message),
  }
  const last = prompt.at(-1)
  if (last?.role === 'tool') last.content.push(answer)
  else prompt.push({ role: 'tool', content: [answer] })
}

export const notTaken = (param: string) =>
  new TurnpikeError('upstream_rejected', {
    param,
    message: `This model's provider does not take what is in ${param}. Another model may.`,
  })
