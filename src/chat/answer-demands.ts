import { isObject } from './read-values.ts'
import type { ChatRequest } from './types.ts'

/** What shape a request asks its answer to have. */
export type AnswerDemands = {
  /** The content is JSON; of this schema, where there is one. */
  readonly json?: { readonly schema?: unknown }
  /** Schemas of the arguments, by the name of the tool. */
  readonly tools: ReadonlyMap<string, unknown>
}

function jsonOf(format: unknown): AnswerDemands['json'] {
  if (!isObject(format)) return undefined
  if (format['type'] === 'json_object') return {}
  if (format['type'] !== 'json_schema' || !isObject(format['json_schema'])) return undefined
  return { schema: format['json_schema']['schema'] }
}

function toolsOf(tools: unknown): ReadonlyMap<string, unknown> {
  const schemas = new Map<string, unknown>()
  if (!Array.isArray(tools)) return schemas
  for (const tool of tools) {
    const told: unknown = isObject(tool) ? tool['function'] : undefined
    if (isObject(told) && typeof told['name'] === 'string') schemas.set(told['name'], told['parameters'])
  }
  return schemas
}

/** Reads them from a request in whichever dialect it was asked. */
export function answerDemands({ fields }: Pick<ChatRequest, 'fields'>): AnswerDemands {
  const json = jsonOf(fields['response_format'])
  return { ...(json ? { json } : {}), tools: toolsOf(fields['tools']) }
}
