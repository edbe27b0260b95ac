import { APICallError } from '@ai-sdk/provider'
import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import type { UpstreamRequest } from '../../call/ports.ts'
import { readCompletion } from '../../chat/read-completion.ts'
import { isObject } from '../../chat/read-values.ts'
import type { StreamPart, UpstreamEnd } from '../../chat/types.ts'
import type { Usage } from '../../chat/usage.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { UpstreamTimeouts } from '../openai-compatible.ts'
import { readHeadroom } from '../read-headroom.ts'
import { connectionError, readRetryAfterMs, rejection } from '../upstream-errors.ts'
import { type Answer, createChunkWriter } from './chunk-writer.ts'
import { readOptions } from './read-options.ts'
import { startClock } from './start-clock.ts'
import { writeCompletion } from './write-completion.ts'

type Request = Pick<UpstreamRequest, 'body' | 'stream' | 'signal' | 'onPart' | 'requestId'>
type Exchange = {
  readonly model: LanguageModelV4
  readonly request: Request
  readonly timeouts: UpstreamTimeouts
}

/** What has become of an answer so far. */
type Progress = {
  isHandedOn: boolean
  firstContentMs?: number
  usage?: Usage
  finishReason?: string
  headroom?: UpstreamEnd['headroom']
}

/**
 * One call to a provider through its AI SDK package, under the same rules as an OpenAI-compatible one: clocks of their own for the
 * first content and between chunks, failures that can be made good elsewhere are thrown, later ones are an end.
 *
 * @throws TurnpikeError `upstream_*` while no content has been handed on. It never holds the provider's text.
 */
export async function dispatchLanguageModel({ model, request, timeouts }: Exchange): Promise<UpstreamEnd> {
  const clock = startClock({ timeouts, stream: request.stream, signal: request.signal })
  const progress: Progress = { isHandedOn: false }
  const startedMs = performance.now()
  const handOn = async (part: StreamPart): Promise<void> => {
    if (part.type !== 'preamble' && part.usage) progress.usage = part.usage
    if (part.type === 'finish') progress.finishReason = part.reason
    if (part.type === 'content' || part.type === 'finish') {
      progress.isHandedOn = true
      progress.firstContentMs ??= performance.now() - startedMs
    }
    const ready = request.onPart(part)
    if (ready) await clock.pausedWhile(ready)
    if (part.type !== 'preamble') clock.hasContent()
  }
  const run = request.stream ? stream : generate
  try {
    const headers = await run({ model, request, signal: clock.signal, handOn })
    progress.headroom = readHeadroom({ headers, nowMs: Date.now() })
    return endOf(progress, 'completed')
  } catch (error) {
    if (request.signal.aborted) return endOf(progress, 'aborted')
    if (progress.isHandedOn) return endOf(progress, 'interrupted')
    throw clock.expiredIn === undefined
      ? asUpstreamError(error)
      : new TurnpikeError('upstream_timeout', { extra: { phase: clock.expiredIn } })
  } finally {
    clock.stop()
  }
}

/** Of the provider's answer. */
type RunHeaders = Readonly<Record<string, string>>

type Run = {
  readonly model: LanguageModelV4
  readonly request: Request
  readonly signal: AbortSignal
  readonly handOn: (part: StreamPart) => Promise<void>
}

const answerOf = ({ model, request }: Run): Answer => ({
  id: `chatcmpl-${request.requestId ?? ''}`,
  model: model.modelId,
  createdAtSeconds: Math.floor(Date.now() / 1_000),
})

const optionsOf = ({ request: { body, requestId }, signal }: Run) => ({
  ...readOptions(body),
  abortSignal: signal,
  ...(requestId ? { headers: { 'x-request-id': requestId } } : {}),
})

/** The packages end every stream with a part that says so, also where the provider did not. */
const CUT_SHORT: ReadonlySet<string> = new Set(['error', 'interrupted'])

async function stream(run: Run): Promise<RunHeaders> {
  const { model, handOn } = run
  const { stream: parts, response } = await model.doStream(optionsOf(run))
  const writer = createChunkWriter(answerOf(run))
  await handOn(writer.open())
  let isComplete = false
  for await (const part of parts as AsyncIterable<LanguageModelV4StreamPart>) {
    if (part.type === 'error') throw asUpstreamError(part.error)
    if (part.type === 'finish') {
      isComplete = !CUT_SHORT.has(part.finishReason.unified)
      if (!isComplete) break
    }
    for (const written of writer.write(part)) await handOn(written)
  }
  if (!isComplete) throw new TurnpikeError('upstream_error', { message: 'The provider ended in mid-answer.' })
  return response?.headers ?? {}
}

async function generate(run: Run): Promise<RunHeaders> {
  const result = await run.model.doGenerate(optionsOf(run))
  const json = writeCompletion({ result, answer: answerOf(run) })
  const completion = readCompletion(json)
  if (!completion) throw new TurnpikeError('upstream_error')
  const { finishReason: reason, model: _, ...said } = completion
  await run.handOn({ type: 'finish', json, reason, ...said })
  return result.response?.headers ?? {}
}

function endOf(progress: Progress, outcome: UpstreamEnd['outcome']): UpstreamEnd {
  const { usage, finishReason, firstContentMs, headroom } = progress
  return {
    outcome,
    ...(usage ? { usage } : {}),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(firstContentMs === undefined ? {} : { firstContentMs }),
    ...(headroom ? { headroom } : {}),
  }
}

/** Errors of the package hold the request and the provider's words; nothing of either goes on. */
function asUpstreamError(error: unknown): TurnpikeError {
  if (error instanceof TurnpikeError) return error
  if (!APICallError.isInstance(error)) {
    // An error inside a stream has the status that the provider would have answered with.
    const status = isObject(error) ? error['statusCode'] : undefined
    return typeof status === 'number'
      ? rejection({ status, isInStream: true })
      : new TurnpikeError('upstream_error')
  }
  const { statusCode, responseHeaders = {}, responseBody, cause } = error
  if (statusCode === undefined) return connectionError(cause)
  const retryAfterMs = readRetryAfterMs({ headers: responseHeaders, nowMs: Date.now() })
  return rejection({
    status: statusCode,
    retryAfterMs,
    ...(responseBody === undefined ? {} : { body: responseBody }),
  })
}
