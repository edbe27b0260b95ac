import { z } from 'zod'
import { parseUsd } from '../lib/money.ts'

const PICO_PER_USD_PER_MILLION = 1_000_000n

const modelId = z
  .string()
  .max(200)
  .regex(/^[\w.~-]+\/[\w.:~-]+$/, 'must be vendor/model, e.g. "acme/writer-2"')
const fact = z.union([z.boolean(), z.literal('unknown')], 'must be true, false or "unknown"')
const tokens = z.int('must be a whole number of tokens').min(1).max(100_000_000)
const modalities = z
  .array(z.enum(['text', 'image', 'audio', 'video', 'pdf'], 'must be text, image, audio, video or pdf'))
  .min(1)
const marginBps = z.int('must be whole basis points').min(0).max(100_000)

/** USD per million tokens, as text: a JSON number would have been rounded before it is read. Pico-USD per token. */
const price = z
  .string('must be USD per million tokens as text, e.g. "0.15"')
  .regex(/^\d{1,6}(?:\.\d{1,6})?$/, 'must be USD per million tokens with at most 6 decimals, e.g. "0.15"')
  .transform((text) => (parseUsd(text) ?? 0n) / PICO_PER_USD_PER_MILLION)

const buckets = {
  input: price,
  cacheRead: price.optional(),
  cacheWrite: price.optional(),
  cacheWriteHour: price.optional(),
  output: price,
  reasoning: price.optional(),
  image: price.optional(),
  audio: price.optional(),
}
const bucketsOf = z.strictObject(buckets)

function toBuckets(row: z.output<typeof bucketsOf>) {
  return {
    inputPicoUsd: row.input,
    cacheReadPicoUsd: row.cacheRead ?? row.input,
    cacheWritePicoUsd: row.cacheWrite ?? row.input,
    outputPicoUsd: row.output,
    ...(row.cacheWriteHour === undefined ? {} : { cacheWriteHourPicoUsd: row.cacheWriteHour }),
    ...(row.reasoning === undefined ? {} : { reasoningPicoUsd: row.reasoning }),
    ...(row.image === undefined ? {} : { imagePicoUsd: row.image }),
    ...(row.audio === undefined ? {} : { audioPicoUsd: row.audio }),
  }
}

const tier = z
  .strictObject({ aboveInputTokens: tokens, ...buckets })
  .transform(({ aboveInputTokens, ...row }) => ({ aboveInputTokens, ...toBuckets(row) }))

const prices = z
  .strictObject({ ...buckets, tiers: z.array(tier).min(1).max(16).optional() })
  .transform(({ tiers, ...row }) => ({
    ...toBuckets(row),
    ...(tiers ? { tiers: tiers.toSorted((a, b) => a.aboveInputTokens - b.aboveInputTokens) } : {}),
  }))

const model = z.strictObject({
  id: modelId,
  name: z.string().min(1).max(200).exactOptional(),
  kind: z.enum(['chat', 'embedding'], 'must be chat or embedding').exactOptional(),
  contextTokens: tokens.exactOptional(),
  maxOutputTokens: tokens.exactOptional(),
  inputModalities: modalities.exactOptional(),
  outputModalities: modalities.exactOptional(),
  tools: fact.exactOptional(),
  structuredOutput: fact.exactOptional(),
  reasoning: fact.exactOptional(),
})

const endpoint = z.strictObject({
  model: modelId,
  provider: z.string().min(1).max(64),
  region: z.string().min(1).max(64).exactOptional(),
  upstreamModel: z.string().min(1).max(200).exactOptional(),
  prices: prices.nullable().exactOptional(),
  retention: fact.exactOptional(),
  training: fact.exactOptional(),
})

const word = z.string().min(1).max(64)

/** Facts of one token; the start compares them with the chain. */
const token = z
  .strictObject({
    network: z.templateLiteral(['eip155:', z.int()], 'must be a network like "eip155:8453"'),
    address: z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address: 0x and 40 hex digits')
      .transform((text): `0x${string}` => `0x${text.slice(2).toLowerCase()}`),
    symbol: z.string().regex(/^[^\s,/]{1,20}$/u, 'must be 1 to 20 characters without space, comma or slash'),
    decimals: z.int('must be a whole number').min(6, 'must be 6 to 18').max(18, 'must be 6 to 18'),
    transfer: z.enum(['eip3009', 'permit2'], 'must be eip3009 or permit2'),
    /** Left out: read from the chain, where payers have to sign it. */
    domain: z
      .strictObject({ name: word, version: word, isSalted: z.literal(true).exactOptional() })
      .exactOptional(),
  })
  .refine(({ transfer, domain }) => transfer === 'permit2' || domain?.isSalted !== true, {
    path: ['transfer'],
    error: 'must be permit2: x402 clients cannot sign a domain with a salt',
  })
  .transform(({ domain, ...facts }) => ({ ...facts, ...(domain ? { eip712: domain } : {}) }))

const share = z.number().min(0, 'must be 0 to 1').max(1, 'must be 0 to 1')

/** How good a model is, as the operator has found: over all, and where it differs by domain (docs/ROUTING.md). */
const quality = z.strictObject({
  general: share,
  knowledge: share.exactOptional(),
  science: share.exactOptional(),
  mathematics: share.exactOptional(),
  code: share.exactOptional(),
  language: share.exactOptional(),
})

/** The file that `TURNPIKE_CATALOG_FILE` names. Every part may be left out; a word that is not one of these is refused. */
export const OPERATOR_CATALOG = z.strictObject({
  models: z.array(model).default([]),
  endpoints: z.array(endpoint).default([]),
  margins: z
    .strictObject({
      models: z.record(modelId, marginBps).default({}),
      providers: z.record(z.string(), marginBps).default({}),
    })
    .default({ models: {}, providers: {} }),
  qualities: z.record(modelId, quality).default({}),
  tokens: z.array(token).max(64).default([]),
  aliases: z
    .record(z.string().regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 printable characters'), modelId)
    .default({}),
})

/** `endpoints[2].prices.input`, as a reader finds it in the file. */
const placeOf = (path: readonly PropertyKey[]) =>
  path.reduce<string>(
    (place, key) =>
      typeof key === 'number' ? `${place}[${key}]` : `${place}${place === '' ? '' : '.'}${String(key)}`,
    '',
  )

/**
 * Reads an operator's file.
 *
 * @returns what it says, or its problems, each with its place and what is allowed there.
 */
export function readOperatorCatalog(
  text: string,
): { readonly additions: z.output<typeof OPERATOR_CATALOG> } | { readonly problems: readonly string[] } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { problems: [`is not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}`] }
  }
  const result = OPERATOR_CATALOG.safeParse(value)
  if (result.success) return { additions: result.data }
  return {
    problems: result.error.issues.map(({ path, message }) => `${placeOf(path) || 'the file'}: ${message}`),
  }
}
