import { answerDemands } from '../../chat/answer-demands.ts'
import { type WholeAnswer, wholeAnswers } from '../../chat/answer/whole-answers.ts'
import { satisfiesSchema } from '../../chat/satisfies-schema.ts'
import type { SeenSignal } from '../../routing/feedback/signals.ts'
import type { Delivered } from '../serve/meter.ts'
import type { FinishedCall } from '../types.ts'

/** How refusals begin, in the language of most of them; a longer answer that begins so goes on to help. */
const REFUSING =
  /^\s*(?:(?:i['’]?m|i am) (?:really |very )?sorry|sorry|i apologi[sz]e|unfortunately)?[,.;!]?\s*(?:but )?i (?:can(?:no|['’])t|am unable to|['’]m unable to|won['’]t) (?:\w+ ){0,3}?(?:help|assist|provide|comply|fulfil|do that|discuss|engage|create|support)/i
const SHORT_CHARS = 600

type Look = { readonly answer: WholeAnswer; readonly demands: ReturnType<typeof answerDemands> }

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether text is JSON of a schema; undefined where nobody can say. */
function isJsonOf(text: string, schema: unknown): boolean | undefined {
  const value = parsed(text)
  if (value === undefined) return false
  return schema === undefined ? true : satisfiesSchema({ value, schema })
}

/** A tool that nobody offered, arguments that are no JSON, or not of the tool's schema. */
function toolSignal({ answer: { calls }, demands: { tools } }: Look): SeenSignal | undefined {
  if (calls.length === 0 || tools.size === 0) return undefined
  const verdicts = calls.map(({ name, arguments: given }) =>
    // Some providers write no arguments for a tool without any.
    tools.has(name) ? isJsonOf(given === '' ? '{}' : given, tools.get(name)) : false,
  )
  if (verdicts.includes(false)) return 'tool_failed'
  return verdicts.every((verdict) => verdict === true) ? 'satisfied' : undefined
}

function schemaSignal({
  answer: { content, calls, refusal },
  demands: { json },
}: Look): SeenSignal | undefined {
  // Whoever calls a tool has not answered yet, and a refusal is told apart.
  if (!json || calls.length > 0 || refusal !== '') return undefined
  const verdict = isJsonOf(content, json.schema)
  if (verdict === undefined) return undefined
  return verdict ? 'satisfied' : 'schema_failed'
}

function refusalSignal({ answer: { content, refusal, calls }, demands }: Look): SeenSignal | undefined {
  if (refusal !== '') return 'refused'
  const isProse = calls.length === 0 && !demands.json
  return isProse && content.length <= SHORT_CHARS && REFUSING.test(content) ? 'refused_in_words' : undefined
}

/**
 * What can be seen of an answer that came whole: whether it was cut at the cap, refused, or not of the shape that was asked for. Nothing of
 * its text is in what is returned.
 *
 * @returns none where the call did not end by itself: what providers break is told by their health.
 */
export function observeAnswer({
  call: { request, capture, failure },
  delivered,
}: {
  call: Pick<FinishedCall, 'request' | 'capture' | 'failure'>
  delivered: Pick<Delivered, 'events'>
}): readonly SeenSignal[] {
  if (failure || capture.outcome !== 'completed' || request.kind === 'embedding') return []
  const { finishReason } = capture
  const signals: SeenSignal[] = ['answered']
  if (finishReason === 'content_filter') signals.push('refused')
  if (finishReason === 'length') signals.push('length')
  const demands = answerDemands(request)
  for (const answer of wholeAnswers(delivered.events() ?? [])) {
    const look = { answer, demands }
    // An answer that was cut is no JSON; that is the cap's doing.
    const shape = finishReason === 'length' ? [] : [toolSignal(look), schemaSignal(look)]
    for (const signal of [refusalSignal(look), ...shape]) if (signal) signals.push(signal)
  }
  return signals
}
