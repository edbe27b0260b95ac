import { createHash } from 'node:crypto'
import { countTokens } from '../../chat/count-tokens.ts'

const DIMENSIONS = 8

type Fields = Readonly<Record<string, unknown>>

/** A direction that depends on the text alone, of length 1: the same text is always equal to itself. */
function vectorOf(text: string, dimensions: number): readonly number[] {
  const raw = Array.from({ length: dimensions }, (_, at) => {
    const digest = createHash('sha256').update(`${at} ${text}`).digest()
    return digest.readInt32BE(0) / 2 ** 31
  })
  const length = Math.hypot(...raw)
  return raw.map((one) => one / length)
}

const isTokens = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && typeof value[0] === 'number'

/** @returns the answer as JSON; undefined where a real provider would answer 400. */
export async function answerEmbeddings(body: string): Promise<string | undefined> {
  const fields = JSON.parse(body) as Fields
  const { input, model, dimensions, encoding_format: format } = fields
  if (input === undefined || typeof model !== 'string') return undefined
  const inputs: readonly unknown[] = Array.isArray(input) && !isTokens(input) ? input : [input]
  const size = typeof dimensions === 'number' ? dimensions : DIMENSIONS
  let tokens = 0
  for (const one of inputs) tokens += isTokens(one) ? one.length : await countTokens(String(one))
  const data = inputs.map((one, index) => {
    const vector = vectorOf(JSON.stringify(one), size)
    const asBase64 = Buffer.from(new Float32Array(vector).buffer).toString('base64')
    return { object: 'embedding', index, embedding: format === 'base64' ? asBase64 : vector }
  })
  return JSON.stringify({
    object: 'list',
    data,
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  })
}
