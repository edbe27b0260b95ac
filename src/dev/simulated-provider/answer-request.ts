import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type SimulatedAnswer, tokensIn, tokensOf } from './answer.ts'
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
  /** What goes wrong with this request, where its own header does not say. */
  readonly faultsOf?: ((asked: SimulatedRequest) => SimulatedFaults) | undefined
  /** Told how each answer ended. */
  readonly onEnd?: ((record: AnswerRecord) => void) | undefined
}

/** What the provider itself knows of one answer when it is over. */
export type AnswerRecord = {
  readonly requestId: string
  readonly model: string
  readonly status: number
  readonly promptTokens: number
  /** Tokens that have left; and all that the answer has. */
  readonly sentTokens: number
  readonly tokens: number
  /** The answer's text, with the beginning that was given. */
  readonly text: string
  readonly endedBy: 'end' | 'fault' | 'reader'
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
  const { face, url, request, response, special, settings } = exchange
  const startedMs = performance.now()
  const signal = hangUpOf(response)
  const asked = face.read({ url, headers: request.headers, body: (await readBody(request)) ?? '' })
  if ('status' in asked) return refuse({ face, response, failure: asked })
  const isTold = request.headers['x-sim-fault'] !== undefined
  const faults = (isTold ? undefined : settings.faultsOf?.(asked)) ?? exchange.faults
  const record = (known: Partial<AnswerRecord>) =>
    settings.onEnd?.({
      requestId: String(request.headers['x-request-id'] ?? ''),
      model: asked.model,
      status: 200,
      promptTokens: 0,
      sentTokens: 0,
      tokens: 0,
      text: '',
      endedBy: 'end',
      ...known,
    })
  if (faults.hang) return void (await once(signal, 'abort'))
  if (faults.headersDelayMs) await sleep(faults.headersDelayMs, undefined, { signal }).catch(() => undefined)
  const message = errorText(asked, faults)
  const { status, retryAfter } = faults
  if (signal.aborted) return record({ endedBy: 'reader' })
  if (status) {
    record({ status, endedBy: 'fault' })
    return refuse({ face, response, failure: { status, message, retryAfter } })
  }
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
  const tokens = answer.choices.reduce((sum, choice) => sum + tokensIn(choice), 0)
  const text =
    (asked.prefix ?? '') +
    tokensOf(answer)
      .map((token) => token.text)
      .join('')
  if (asked.isStreamed) {
    const told = { face, response, answer, faults, errorText: message }
    const { sentTokens, endedBy } = await streamAnswer({ ...told, pace, startedMs, signal })
    return record({ promptTokens, sentTokens, tokens, text, endedBy })
  }
  await sleep(durationOf(answer, pace), undefined, { signal }).catch(() => undefined)
  const isCut = faults.cutAfter !== undefined
  const endedBy = isCut ? 'fault' : signal.aborted ? 'reader' : 'end'
  record({ promptTokens, sentTokens: endedBy === 'end' ? tokens : 0, tokens, text, endedBy })
  if (isCut) return void response.destroy()
  if (!signal.aborted) sendJson({ response, json: face.whole(answer) })
}

/** An answer in one piece comes when the last token of a stream would. */
function durationOf({ choices }: SimulatedAnswer, { firstTokenMs, tokensPerSecond }: Pace): number {
  const tokens = Math.max(...choices.map(tokensIn))
  return firstTokenMs + (tokensPerSecond > 0 ? (tokens / tokensPerSecond) * 1_000 : 0)
}
