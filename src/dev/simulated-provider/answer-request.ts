import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type SimulatedAnswer, tokensIn } from './answer.ts'
import { composeAnswer } from './compose-answer.ts'
import { readBody, sendJson } from './exchange-bytes.ts'
import type { Face, Failure } from './faces/face.ts'
import type { SimulatedFaults } from './faults.ts'
import type { createPromptCounter, SimulatedRequest } from './read-prompt.ts'
import type { SpecialAnswer } from './special-answer.ts'
import { type Pace, streamAnswer } from './stream-answer.ts'

/** What all answers of one provider have in common. */
export type AnswerSettings = {
  readonly pace: Pace
  readonly seed: number
  readonly length: { readonly minTokens: number; readonly maxTokens: number }
  readonly countPrompt: ReturnType<typeof createPromptCounter>
}

type Exchange = {
  readonly face: Face
  readonly url: URL
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly faults: SimulatedFaults
  readonly special: SpecialAnswer
  readonly settings: AnswerSettings
}

export function refuse({
  face,
  response,
  failure,
}: Pick<Exchange, 'face' | 'response'> & { failure: Failure }) {
  sendJson({ response, status: failure.status, ...face.error(failure) })
}

/** What a talkative provider would say: with `echoPrompt` it quotes the prompt. */
function errorText(request: SimulatedRequest, faults: SimulatedFaults): string {
  return faults.echoPrompt ? `Cannot answer ${JSON.stringify(request.messages)}` : 'A simulated failure.'
}

/** Aborted as soon as the reader hangs up before the answer's end. */
function hangUpOf(response: ServerResponse): AbortSignal {
  const hangUp = new AbortController()
  response.once('close', () => hangUp.abort())
  return hangUp.signal
}

/** Answers one request through a face: reads it, plays what goes wrong before the answer, composes the answer, and sends it. */
export async function answerRequest(exchange: Exchange): Promise<void> {
  const { face, url, request, response, faults, special, settings } = exchange
  const startedMs = performance.now()
  const signal = hangUpOf(response)
  const asked = face.read({ url, headers: request.headers, body: (await readBody(request)) ?? '' })
  if ('status' in asked) return refuse({ face, response, failure: asked })
  if (faults.hang) return void (await once(signal, 'abort'))
  if (faults.headersDelayMs) await sleep(faults.headersDelayMs)
  const message = errorText(asked, faults)
  const { status, retryAfter } = faults
  if (status) return refuse({ face, response, failure: { status, message, retryAfter } })
  const { pace, seed, length, countPrompt } = settings
  const promptTokens = await countPrompt(asked)
  const answer = composeAnswer({
    request: asked,
    special,
    promptTokens,
    seed,
    length,
    faults,
    nowMs: Date.now(),
  })
  if (asked.isStreamed) {
    const told = { face, response, answer, faults, errorText: message }
    return streamAnswer({ ...told, pace, startedMs, signal })
  }
  await sleep(durationOf(answer, pace), undefined, { signal }).catch(() => undefined)
  if (faults.cutAfter !== undefined) return void response.destroy()
  if (!signal.aborted) sendJson({ response, json: face.whole(answer) })
}

/** An answer in one piece comes when the last token of a stream would. */
function durationOf({ choices }: SimulatedAnswer, { firstTokenMs, tokensPerSecond }: Pace): number {
  const tokens = Math.max(...choices.map(tokensIn))
  return firstTokenMs + (tokensPerSecond > 0 ? (tokens / tokensPerSecond) * 1_000 : 0)
}
