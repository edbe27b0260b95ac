import type { Schema } from '../../chat/schema.ts'
import { priceProbe } from '../../call/plan/probe.ts'
import { priceRange } from '../../call/plan/price-range.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { topUpTerms } from '../../payment/offers/top-up-terms.ts'
import type { Terms } from '../../payment/types.ts'
import { TOP_UP_BODY, TOP_UP_DESCRIPTION } from '../schemas/credit-schemas.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { PAID_PATHS } from '../request/dialects.ts'
import { ANSWERS, type Answer } from './answers.ts'

type Call = HttpDependencies['call']

/** Something that is paid for: how it is asked, what it answers, and what it costs. */
export type Sale = {
  readonly path: string
  readonly description: string
  /** Calls of models; a top-up of credit is none. */
  readonly isCall: boolean
  readonly body: Schema
  readonly example: Readonly<Record<string, unknown>>
  /** Fields beside the required ones that a first request needs. */
  readonly usual: readonly string[]
  readonly answer: Answer
  readonly termsOf: (call: Call) => Terms
  readonly rangeOf: (call: Call) => { readonly minPicoUsd: PicoUsd; readonly maxPicoUsd: PicoUsd }
  /** The price that a probe is shown. */
  readonly probeOf: (call: Call) => { readonly estimatePicoUsd: PicoUsd; readonly ceilingPicoUsd: PicoUsd }
}

function answerAt(path: string): Answer {
  const answer = ANSWERS.get(path)
  if (!answer) throw new RangeError(`Nobody has written down what ${path} answers.`)
  return answer
}

const CALLS = [...PAID_PATHS].map(([path, { description, kind, capField, body, example }]): Sale => ({
  path,
  description,
  isCall: true,
  body,
  example,
  usual: capField === undefined ? [] : [capField, 'stream'],
  answer: answerAt(path),
  termsOf: ({ terms }) => terms,
  rangeOf: (call) => priceRange({ kind: kind ?? 'chat', dependencies: call }),
  probeOf: (call) => priceProbe({ requestHash: '', kind, dependencies: call }),
}))

const TOP_UP: Sale = {
  path: '/v1/credit',
  description: TOP_UP_DESCRIPTION,
  isCall: false,
  body: TOP_UP_BODY,
  example: { amount_usd: '1' },
  usual: [],
  answer: answerAt('/v1/credit'),
  termsOf: ({ terms }) => topUpTerms(terms),
  rangeOf: () => ({ minPicoUsd: LIMITS.minTopUpPicoUsd, maxPicoUsd: LIMITS.maxTopUpPicoUsd }),
  probeOf: () => ({ estimatePicoUsd: LIMITS.minTopUpPicoUsd, ceilingPicoUsd: LIMITS.minTopUpPicoUsd }),
}

/** All that is sold here. */
export const SALES: readonly Sale[] = [...CALLS, TOP_UP]
