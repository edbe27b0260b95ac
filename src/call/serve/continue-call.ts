import { countTokens } from '../../chat/count-tokens.ts'
import { createContinuedParts } from '../../chat/continued-part.ts'
import { requestNeeds } from '../../chat/request-needs.ts'
import { toUpstreamBody } from '../../chat/upstream-body.ts'
import { addUsage, NO_USAGE, type Usage } from '../../chat/usage.ts'
import { USUAL_TOKENS } from '../../chat/usual-input.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { PicoUsd } from '../../lib/money.ts'
import { ceilingOf } from '../../pricing/ceiling.ts'
import { addMargin } from '../../pricing/charge.ts'
import { costOf } from '../../pricing/cost.ts'
import { marginOf } from '../../pricing/margin.ts'
import type { Endpoint } from '../../catalog/types.ts'
import { createMeter, type Meter } from './meter.ts'
import type { SaidText } from './said-text.ts'
import type { Attempted, PartSink } from './try-endpoint.ts'
import { type AttemptRows, walkPlan } from './walk-plan.ts'
import type { CallDependencies } from '../dependencies.ts'
import type { AdmittedCall } from '../types.ts'

/** What one provider did of an answer that several wrote. */
export type Leg = { readonly endpoint: Endpoint; readonly usage: Usage; readonly isEstimated: boolean }

type Continuing = {
  readonly call: AdmittedCall
  readonly broken: Attempted
  /** What the broken attempt came to. */
  readonly first: Omit<Leg, 'endpoint'>
  readonly said: SaidText
  readonly signal: AbortSignal
  /** Takes the parts as the caller is to see them. */
  readonly onPart: PartSink
  readonly rows: AttemptRows
  /** Of the request, counted once for all that ask. */
  readonly inputTokens: Meter['inputTokens']
  readonly dependencies: CallDependencies
}

export type Continued = {
  readonly ended: Attempted
  /** Of the last provider that delivered something. */
  readonly last: Leg
  readonly earlier: readonly Leg[]
}

/** With its margin: what the caller pays for it. */
export function legPicoUsd({
  leg: { endpoint, usage },
  marginBps,
}: {
  leg: Leg
  marginBps: number
}): PicoUsd {
  const costPicoUsd = endpoint.prices ? costOf({ usage, prices: endpoint.prices }) : 0n
  return addMargin({ costPicoUsd, marginBps: marginOf({ endpoint, marginBps }) })
}

/**
 * Goes on with a broken stream where its text ends: another candidate is given what was delivered as the beginning of its answer. Ends
 * with the answer, with the caller, or where the signed ceiling would not cover the worst case of one continuation more.
 */
export async function continueCall(continuing: Continuing): Promise<Continued> {
  const { call, said, dependencies, signal } = continuing
  let ended = continuing.broken
  let last: Leg = { endpoint: ended.endpoint, ...continuing.first }
  const earlier: Leg[] = []
  const failed: Endpoint[] = []
  for (let time = 0; time < LIMITS.continuations; time += 1) {
    const text = said.text()
    if (ended.end?.outcome !== 'interrupted' || signal.aborted || text === undefined) break
    const legs = [...earlier, last]
    failed.push(ended.endpoint)
    const plan = await planLeg({ call, legs, text, failed: ended.endpoint, dependencies })
    if (!plan) break
    const meter = createMeter({ ...call, inputTokens: continuing.inputTokens })
    const usageSoFar = legs.map(({ usage }) => usage).reduce(addUsage, NO_USAGE)
    const rewrite = createContinuedParts({
      frame: said.frame() ?? {},
      tail: plan.tail,
      earlier: usageSoFar,
      number: time + 1,
    })
    const attempted = await walkPlan({
      ...continuing,
      candidates: plan.candidates,
      failed,
      bodyFor: plan.bodyFor,
      prefixTokens: plan.prefixTokens,
      onPart: (part) => {
        meter.add(part)
        const rewritten = rewrite(part)
        if (!rewritten) return undefined
        said.add(rewritten)
        return continuing.onPart(rewritten)
      },
    })
    // Nobody could go on: the stream ends as it broke.
    if (!attempted.hasContent) break
    const read = await meter.read(attempted.end)
    const usage = read.isEstimated
      ? { ...read.usage, inputUncached: read.usage.inputUncached + plan.prefixTokens }
      : read.usage
    earlier.push(last)
    last = { endpoint: attempted.endpoint, usage, isEstimated: read.isEstimated }
    ended = attempted
  }
  if (signal.aborted && ended.end?.outcome === 'interrupted') return { ended, last, earlier }
  return { ended: withFailure(ended), last, earlier }
}

const withFailure = (ended: Attempted): Attempted =>
  ended.end?.outcome === 'interrupted'
    ? { ...ended, failure: new TurnpikeError('upstream_interrupted') }
    : ended

/** The next leg, where the ceiling covers it. */
async function planLeg({
  call,
  legs,
  text,
  failed,
  dependencies,
}: {
  call: AdmittedCall
  legs: readonly Leg[]
  text: string
  failed: Endpoint
  dependencies: CallDependencies
}) {
  const { upstreams, marginBps } = dependencies
  const { request } = call
  const prefix = text.trimEnd()
  const prefixTokens = await countTokens(prefix)
  const outputCap = call.outputCap - (await countTokens(text))
  if (prefix === '' || outputCap < 1) return undefined
  const spentPicoUsd = legs.reduce((sum, leg) => sum + legPicoUsd({ leg, marginBps }), 0n)
  const bounds = {
    inputBoundTokens: call.inputBoundTokens + prefixTokens + LIMITS.prefixFrameTokens,
    outputCap,
    choices: 1,
    hasHourCache: requestNeeds(request).hourCache,
  }
  const isCovered = (endpoint: Endpoint) =>
    endpoint.prices !== undefined &&
    spentPicoUsd +
      ceilingOf({
        candidates: [endpoint.prices],
        bounds,
        marginBps: marginOf({ endpoint, marginBps }),
      }) <=
      call.ceilingPicoUsd
  const able = call.candidates.filter(
    (endpoint) =>
      endpoint.modelId === failed.modelId &&
      upstreams.prefixAt(endpoint) !== undefined &&
      isCovered(endpoint),
  )
  if (able.length === 0) return undefined
  const bodyFor = (endpoint: Endpoint) =>
    toUpstreamBody({
      request,
      upstreamModel: endpoint.upstreamModel,
      outputCap,
      dialect: upstreams.dialectOf(endpoint),
      prefix: { text: prefix, style: upstreams.prefixAt(endpoint) ?? 'plain' },
    })
  // As input it is a message more.
  const sentTokens = prefixTokens + USUAL_TOKENS.message
  return { candidates: able, bodyFor, prefixTokens: sentTokens, tail: text.slice(prefix.length) }
}
