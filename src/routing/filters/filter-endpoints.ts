import type { EndpointColumns } from '../table/endpoint-columns.ts'
import { codeOfMissing, type EndpointFact, factBits } from '../table/endpoint-facts.ts'
import { codeOf, PASSES } from '../table/filter-reasons.ts'
import type { RouteQuestion } from './route-question.ts'

/**
 * How much has to be known of a model: everything (it is chosen for the caller), what it is able to, nothing against it, or nothing
 * at all.
 */
export type Demand = 'known' | 'able' | 'not-denied' | 'nothing'

/** What is against an endpoint, by its number: {@link PASSES}, or the code of the first filter that it fails. */
export type CodeAt = (number: number) => number

const [CONTEXT, MAX_PRICE] = [codeOf('context_length'), codeOf('max_price')]

/** The hard filters of a request, whatever health and the other endpoints are. Called for hundreds of endpoints per call, `CodeAt` makes nothing new. */
export function filterEndpoints({
  columns,
  question,
  demand,
}: {
  columns: EndpointColumns
  question: RouteQuestion
  demand: Demand
}): CodeAt {
  const { modelIndex, providerIndex, regionIndex, dialectIndex, facts, contextTokens } = columns
  const { modelCodes, providerCodes, regionCodes, dialectCodes } = question
  const wanted = factBits(factsWanted(question, demand))
  const leastTokens = demand === 'known' || demand === 'not-denied' ? question.roomTokens : 0
  const isCapped = question.maxInputPicoUsd < Infinity || question.maxOutputPicoUsd < Infinity

  return (number) => {
    const ofPlace =
      modelCodes?.[modelIndex[number]!] ||
      providerCodes[providerIndex[number]!] ||
      regionCodes?.[regionIndex[number]!]
    if (ofPlace) return ofPlace
    const missing = wanted & ~facts[number]!
    const isTooSmall = contextTokens[number]! < leastTokens
    const ofDialect = dialectCodes?.[dialectIndex[number]!]
    if (missing !== 0 || isTooSmall || ofDialect) {
      // Codes are in the order in which filters are looked for.
      const [ofFacts, ofContext] = [missing && codeOfMissing(missing), isTooSmall ? CONTEXT : PASSES]
      return Math.min(ofFacts || Infinity, ofContext || Infinity, ofDialect || Infinity)
    }
    return isCapped && isTooDear({ columns, number, question }) ? MAX_PRICE : PASSES
  }
}

function factsWanted({ needs, zdr, denyCollection }: RouteQuestion, demand: Demand): readonly EndpointFact[] {
  const facts: EndpointFact[] = ['isPriced']
  if (demand === 'known') facts.push('isSold', 'contextKnown')
  if (demand !== 'nothing') {
    const isSure = demand === 'known' || demand === 'able'
    if (needs.images) facts.push(isSure ? 'takesImages' : 'mayTakeImages')
    if (needs.audio) facts.push(isSure ? 'takesAudio' : 'mayTakeAudio')
    if (needs.tools) facts.push(isSure ? 'tools' : 'mayCallTools')
    if (needs.structuredOutput) facts.push(isSure ? 'structuredOutput' : 'mayStructure')
    if (needs.reasoning) facts.push(isSure ? 'reasoning' : 'mayReason')
  }
  if (zdr) facts.push('keepsNothing')
  if (denyCollection) facts.push('trainsOnNothing')
  return facts
}

function isTooDear({
  columns: { ownMarginBps, inputPicoUsd, outputPicoUsd },
  number,
  question: { maxInputPicoUsd, maxOutputPicoUsd, marginBps },
}: {
  columns: EndpointColumns
  number: number
  question: RouteQuestion
}): boolean {
  const own = ownMarginBps[number]!
  const factor = 10_000 + (Number.isNaN(own) ? marginBps : own)
  return (
    Math.ceil((inputPicoUsd[number]! * factor) / 10_000) > maxInputPicoUsd ||
    Math.ceil((outputPicoUsd[number]! * factor) / 10_000) > maxOutputPicoUsd
  )
}
