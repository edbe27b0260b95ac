import { LIMITS } from '../../../lib/limits.ts'
import { jsonOf } from '../results.ts'
import { onlyKnown, readCount, readWords } from '../read-arguments.ts'
import type { Tool } from '../tool.ts'

type Listed = {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly context_length: number | null
  readonly available: boolean
  readonly pricing: unknown
}

const USUAL = 30

/** GET /v1/models, in short: hundreds of models with everything about them are more than a model wants to read. */
export const listModels: Tool = {
  name: 'list_models',
  title: 'List models and prices',
  description:
    'Models that can be called now, with the prices that a caller pays (USD per token). search narrows the list by a part of id or name.',
  inputSchema: {
    type: 'object',
    properties: {
      search: {
        type: 'string',
        maxLength: LIMITS.modelNameChars,
        description: 'Part of an id or a name, e.g. "claude".',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: LIMITS.listEntries,
        description: `${USUAL} where absent.`,
      },
    },
    additionalProperties: false,
  },
  isFree: true,
  run: async ({ given, ask }) => {
    onlyKnown({ given, known: ['search', 'limit'] })
    const limit = readCount({ given, name: 'limit', max: LIMITS.listEntries, usual: USUAL })
    const search = readWords({ given, name: 'search', maxChars: LIMITS.modelNameChars })?.toLowerCase() ?? ''
    const { body } = await ask({ method: 'GET', path: '/v1/models' })
    const { data } = jsonOf(body) as unknown as { data: readonly Listed[] }
    const found = data.filter(
      ({ id, name, available }) => available && `${id} ${name}`.toLowerCase().includes(search),
    )
    const models = found.slice(0, limit).map(({ id, name, kind, context_length, pricing }) => ({
      id,
      name,
      kind,
      context_length,
      pricing,
    }))
    const structuredContent = { models, has_more: found.length > limit }
    return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent }
  },
}
