import type { Fact } from '../../catalog/types.ts'
import type { Row } from './endpoint-row.ts'
import { codeOf, type FilterReason } from './filter-reasons.ts'

/**
 * What may be demanded of an endpoint whatever the request's numbers are: the filter that holds where it is not so, and whether it is so.
 * In the order in which filters are looked for; a fact's bit is its index.
 */
const FACTS = {
  isPriced: ['unpriced', ({ isPriced }) => isPriced],
  isSold: ['free', ({ isFree }) => !isFree],
  contextKnown: ['context_length', ({ model }) => model.contextTokens !== 'unknown'],
  takesImages: ['modalities', (row) => takes(row, 'image') === true],
  mayTakeImages: ['modalities', (row) => takes(row, 'image') !== false],
  takesAudio: ['modalities', (row) => takes(row, 'audio') === true],
  mayTakeAudio: ['modalities', (row) => takes(row, 'audio') !== false],
  tools: ['tools', ({ model }) => model.tools === true],
  mayCallTools: ['tools', ({ model }) => model.tools !== false],
  structuredOutput: ['structured_output', ({ model }) => model.structuredOutput === true],
  mayStructure: ['structured_output', ({ model }) => model.structuredOutput !== false],
  reasoning: ['reasoning', ({ model }) => model.reasoning === true],
  mayReason: ['reasoning', ({ model }) => model.reasoning !== false],
  keepsNothing: ['zdr', ({ endpoint }) => endpoint.dataPolicy?.retention === false],
  trainsOnNothing: ['data_collection', ({ endpoint }) => endpoint.dataPolicy?.training === false],
} as const satisfies Record<string, readonly [FilterReason, (row: Row) => boolean]>

export type EndpointFact = keyof typeof FACTS

function takes({ model: { inputModalities } }: Row, modality: 'image' | 'audio'): Fact {
  return inputModalities === 'unknown' ? 'unknown' : inputModalities.includes(modality)
}

const NAMES = Object.keys(FACTS) as readonly EndpointFact[]
const CODES = NAMES.map((name) => codeOf(FACTS[name][0]))

/** One bit for each fact. @example factBits(['isPriced', 'isSold']) // 0b11 */
export const factBits = (facts: readonly EndpointFact[]): number =>
  facts.reduce((bits, name) => bits | (1 << NAMES.indexOf(name)), 0)

export const factsOf = (row: Row): number => factBits(NAMES.filter((name) => FACTS[name][1](row)))

/** The filter of the first of some facts. @param missing at least one bit. */
export const codeOfMissing = (missing: number): number => CODES[31 - Math.clz32(missing & -missing)]!
