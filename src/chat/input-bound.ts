import { countTokens } from './count-tokens.ts'
import type { ChatRequest } from './types.ts'

/**
 * What a dialect adds around the text, each rounded up generously: OpenAI's own chat format takes 3 tokens for the answer's
 * start and 3 to 4 a message; providers' templates and default system prompts take more.
 */
export const OVERHEAD_TOKENS = { call: 64, message: 8, tool: 16 } as const

/** One image: OpenAI's patch models take up to 3,780 tokens; a model that takes more names its own figure. */
export const IMAGE_TOKENS = 4_096

/** Audio of 8 kbit/s, the leanest there is, holds 10 tokens in 1,000 bytes: 1,333 characters of base64. */
const AUDIO_CHARS_PER_TOKEN = 64

/** Fields besides the messages that a provider puts in front of the model. */
const PROMPT_FIELDS = ['tools', 'functions', 'response_format', 'tool_choice', 'prediction'] as const

export type InputBound = {
  /** Tokens that the input has at most. */
  readonly boundTokens: number
  readonly method: 'bytes' | 'tokenizer'
}

type Fields = Readonly<Record<string, unknown>>
/** All the text that is put in front of the model, and the tokens of what is not text. */
type Content = { readonly texts: string[]; fixedTokens: number }

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null

function addPart(part: unknown, content: Content, imageTokens: number): void {
  if (!isObject(part)) return
  if (part['type'] === 'image_url') content.fixedTokens += imageTokens
  else if (part['type'] === 'input_audio') {
    content.fixedTokens += Math.ceil((JSON.stringify(part) ?? '').length / AUDIO_CHARS_PER_TOKEN)
  } else if (typeof part['text'] === 'string') content.texts.push(part['text'])
  else content.texts.push(JSON.stringify(part))
}

function addMessage(message: unknown, content: Content, imageTokens: number): void {
  content.fixedTokens += OVERHEAD_TOKENS.message
  if (!isObject(message)) return
  for (const key of Object.keys(message)) {
    if (key === 'role') continue
    const value = message[key]
    if (typeof value === 'string') content.texts.push(value)
    else if (key === 'content' && Array.isArray(value)) {
      for (const part of value) addPart(part, content, imageTokens)
    } else if (value !== null && value !== undefined) content.texts.push(JSON.stringify(value))
  }
}

/** Texts, or lists of tokens that were counted already. */
function addInputs(input: unknown, content: Content): void {
  const isTokens = Array.isArray(input) && typeof input[0] === 'number'
  for (const one of Array.isArray(input) && !isTokens ? input : [input]) {
    content.fixedTokens += OVERHEAD_TOKENS.message
    if (typeof one === 'string') content.texts.push(one)
    else if (Array.isArray(one)) content.fixedTokens += one.length
  }
}

function contentOf({ request, imageTokens }: { request: ChatRequest; imageTokens: number }): Content {
  const content: Content = {
    texts: [],
    fixedTokens: OVERHEAD_TOKENS.call + request.toolCount * OVERHEAD_TOKENS.tool,
  }
  const { messages, input } = request.fields
  if (request.kind === 'embedding') addInputs(input, content)
  for (const message of Array.isArray(messages) ? messages : []) addMessage(message, content, imageTokens)
  for (const field of PROMPT_FIELDS) {
    const value = request.fields[field]
    if (value !== undefined && value !== null) content.texts.push(JSON.stringify(value))
  }
  return content
}

/**
 * The most tokens that the input of a call can have, without counting them: a token of a byte-level vocabulary is at
 * least one byte, so the UTF-8 bytes of the text bound it, plus constants for what the dialect and images add.
 *
 * @param imageTokens of one image, where the model takes more or less than {@link IMAGE_TOKENS}.
 * @example inputBound({ request }) // { boundTokens: 78, method: 'bytes' } for "Say hi" in one message
 */
export function inputBound({
  request,
  imageTokens = IMAGE_TOKENS,
}: {
  request: ChatRequest
  imageTokens?: number
}): InputBound {
  const { texts, fixedTokens } = contentOf({ request, imageTokens })
  let boundTokens = fixedTokens
  for (const text of texts) boundTokens += Buffer.byteLength(text)
  return { boundTokens, method: 'bytes' }
}

/** An input as the tokenizer sees it: what a bound by any vocabulary is computed from. */
export type CountedInput = {
  /** o200k tokens of all text. */
  readonly tokens: number
  readonly bytes: number
  /** Bytes of characters that are not ASCII, at most. */
  readonly foreignBytes: number
  /** What the dialect and images add. */
  readonly fixedTokens: number
}

/** Counts the text of an input: a millisecond for each 8,000 characters. */
export async function countTexts({
  request,
  imageTokens = IMAGE_TOKENS,
}: {
  request: ChatRequest
  imageTokens?: number
}): Promise<CountedInput> {
  const { texts, fixedTokens } = contentOf({ request, imageTokens })
  let tokens = 0
  let bytes = 0
  let units = 0
  for (const text of texts) {
    tokens += await countTokens(text)
    bytes += Buffer.byteLength(text)
    units += text.length
  }
  // A character of two, three or four bytes has one, one or two units: its bytes are at most twice what it has more of them.
  return { tokens, bytes, foreignBytes: (bytes - units) * 2, fixedTokens }
}

/**
 * A closer bound for large inputs, where bytes would make the ceiling four times too high: o200k tokens times a factor
 * for how far the model's own vocabulary may differ. Never above the bound in bytes.
 *
 * @param safetyFactor at least 1; e.g. 1.35 for a family whose vocabulary is smaller than o200k.
 * @param knowsScripts false where the vocabulary may have no words in other scripts: then each byte of them counts.
 */
export function tokenizerBound({
  counted: { tokens, bytes, foreignBytes, fixedTokens },
  safetyFactor,
  knowsScripts = true,
}: {
  counted: CountedInput
  safetyFactor: number
  knowsScripts?: boolean
}): InputBound {
  const most = Math.ceil(tokens * safetyFactor) + (knowsScripts ? 0 : foreignBytes)
  return { boundTokens: Math.min(most, bytes) + fixedTokens, method: 'tokenizer' }
}
