import { catalogOf } from '../../src/app/options/defaults.ts'
import { planCall } from '../../src/call/plan/plan.ts'
import type { PlannedCall, ReceivedCall } from '../../src/call/types.ts'
import { PROVIDERS } from '../../src/catalog/providers.ts'
import type { Catalog, Endpoint } from '../../src/catalog/types.ts'
import { NO_USAGE } from '../../src/chat/usage.ts'
import { PAID_PATHS } from '../../src/http/request/dialects.ts'
import { TurnpikeError } from '../../src/lib/errors/turnpike-error.ts'
import { addMargin } from '../../src/pricing/charge.ts'
import { costOf } from '../../src/pricing/cost.ts'
import { CHAT_REQUESTS } from '../fixtures/requests/chat.ts'
import { MESSAGES_REQUESTS } from '../fixtures/requests/messages.ts'
import type { RequestCase } from '../fixtures/requests/request-case.ts'
import { RESPONSES_REQUESTS } from '../fixtures/requests/responses.ts'
import { countedInput } from './counted-input.ts'

/** Every request of the corpus, by the path that it would be sent to. */
export const CORPUS: ReadonlyMap<string, readonly RequestCase[]> = new Map([
  ['/v1/chat/completions', CHAT_REQUESTS],
  ['/v1/messages', MESSAGES_REQUESTS],
  ['/v1/responses', RESPONSES_REQUESTS],
])

/** Cheap and dear, of every family. What a model is known not to take (pictures, tools) it is not asked. */
const MODELS = [
  'openai/gpt-4o-mini',
  'openai/gpt-5',
  'openai/gpt-5.5-pro',
  'anthropic/claude-haiku-4.5',
  'anthropic/claude-opus-4.8',
  'google/gemini-2.5-flash',
  'deepseek/deepseek-chat',
  'meta-llama/llama-3.3-70b-instruct',
  'mistralai/mistral-medium-3.1',
  'xai/grok-3-mini',
] as const

const MARGIN_BPS = 500

/** One request to one model: what it is bounded by, and what it costs where its whole cap, or 60 % of it, is used. */
export type CeilingRow = {
  readonly path: string
  readonly name: string
  readonly model: string
  readonly boundTokens: number
  readonly countedTokens: number
  readonly ratio: number
  readonly ratioAt60: number
}

/**
 * Plans every request of the corpus for every model, as the server would, and holds its ceiling against the charge of a provider that
 * counts what it documents.
 *
 * @param hosts `one`: every model by one seller, as dev has it. `all`: by everybody in the catalogue, so that the ceiling covers a
 * failover to the dearest.
 */
export async function measureCeilings({ hosts }: { hosts: 'one' | 'all' }): Promise<readonly CeilingRow[]> {
  const catalog = catalogOf({ simulated: hosts === 'one' })
  const rows: CeilingRow[] = []
  for (const [path, cases] of CORPUS)
    for (const one of cases)
      for (const model of MODELS) {
        const planned = await planOne({ path, one, model, catalog })
        if (planned) rows.push(await rowOf({ path, one, model, planned }))
      }
  return rows
}

const DIALECTS = new Map(PROVIDERS.map(({ id, dialect }) => [id, dialect]))
const dialectOfEndpoint = ({ dialect, providerId }: Pick<Endpoint, 'dialect' | 'providerId'>) =>
  dialect ?? DIALECTS.get(providerId) ?? 'openai'

async function planOne({
  path,
  one,
  model,
  catalog,
}: {
  path: string
  one: RequestCase
  model: string
  catalog: Catalog
}): Promise<PlannedCall | undefined> {
  const known = catalog.models.get(model)
  const modalities = known?.inputModalities
  if (one.imageTokens !== undefined && modalities !== 'unknown' && !modalities?.includes('image'))
    return undefined
  const request = PAID_PATHS.get(path)?.read({ body: Buffer.from(JSON.stringify({ model, ...one.body })) })
  const received = { request, path } as unknown as ReceivedCall
  const upstreams = { isReachable: () => true, dialectOf: dialectOfEndpoint, prefixAt: () => undefined }
  try {
    return await planCall({
      received,
      dependencies: { catalog, upstreams, marginBps: MARGIN_BPS, defaultOutputTokens: 4_096 },
    })
  } catch (error) {
    // What no seller of the model takes is refused before it is priced.
    if (error instanceof TurnpikeError && error.code === 'unsupported_field') return undefined
    throw error
  }
}

const counts = new Map<string, Promise<number>>()

/** A fixture counts alike for every model of a family. */
function countedOnce(asked: { one: RequestCase; model: string }): Promise<number> {
  const key = `${asked.model.split('/')[0]} ${JSON.stringify(asked.one.body)}`
  const known = counts.get(key) ?? countedInput(asked)
  counts.set(key, known)
  return known
}

async function rowOf({
  path,
  one,
  model,
  planned,
}: {
  path: string
  one: RequestCase
  model: string
  planned: PlannedCall
}): Promise<CeilingRow> {
  const { ceilingPicoUsd, outputCap, inputBoundTokens, candidates } = planned
  const countedTokens = await countedOnce({ one, model })
  const { prices } = candidates[0]
  if (!prices) throw new Error(`${model} has no price.`)
  const ratioOf = (outputText: number): number => {
    const usage = { ...NO_USAGE, inputUncached: countedTokens, outputText }
    const charge = addMargin({ costPicoUsd: costOf({ usage, prices }), marginBps: MARGIN_BPS })
    return Number(ceilingPicoUsd) / Number(charge)
  }
  return {
    path,
    name: one.name,
    model,
    boundTokens: inputBoundTokens,
    countedTokens,
    ratio: ratioOf(outputCap),
    ratioAt60: ratioOf(Math.ceil(outputCap * 0.6)),
  }
}

/** The value below which this share of the values lies: of a sorted list, the first that is at least so far. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** The figures of one dialect. */
export type CeilingFigures = {
  readonly path: string
  readonly requests: number
  readonly calls: number
  readonly p50: number
  readonly p95: number
  readonly most: number
  /** Where 60 % of the cap is used. */
  readonly p50At60: number
  readonly p95At60: number
  /** Calls whose bound is below what a provider would count: must be none. */
  readonly unbounded: readonly CeilingRow[]
}

export function figuresOf(rows: readonly CeilingRow[]): readonly CeilingFigures[] {
  return [...Map.groupBy(rows, ({ path }) => path)].map(([path, calls]) => {
    const [ratios, ratiosAt60] = [calls.map(({ ratio }) => ratio), calls.map(({ ratioAt60 }) => ratioAt60)]
    return {
      path,
      requests: new Set(calls.map(({ name }) => name)).size,
      calls: calls.length,
      p50: quantile(ratios, 0.5),
      p95: quantile(ratios, 0.95),
      most: Math.max(...ratios),
      p50At60: quantile(ratiosAt60, 0.5),
      p95At60: quantile(ratiosAt60, 0.95),
      unbounded: calls.filter(({ boundTokens, countedTokens }) => boundTokens < countedTokens),
    }
  })
}
