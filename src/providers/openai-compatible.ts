import type { Dispatcher } from 'undici'
import type { UpstreamRequest } from '../call/ports.ts'
import { readEmbeddings } from '../chat/embeddings/read-embeddings.ts'
import { readCompletion } from '../chat/read-completion.ts'
import { readStreamEvent } from '../chat/stream-chunk.ts'
import type { StreamPart, UpstreamEnd } from '../chat/types.ts'
import { inputTokens, outputTokens, type Usage } from '../chat/usage.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import { createSseDecoder } from '../lib/sse.ts'
import { readHeadroom } from './read-headroom.ts'
import { connectionError, readRetryAfterMs, rejection } from './upstream-errors.ts'

/** The clocks of one exchange, in milliseconds. None of them is reset by keep-alive comments. */
export type UpstreamTimeouts = {
  /** Until the connection takes our request. */
  readonly connectMs: number
  /** From then until the first content of a stream. */
  readonly firstContentMs: number
  /** Between two events of a stream that carry something, once content has come. */
  readonly betweenChunksMs: number
  /** Until the whole of an answer that is not streamed. */
  readonly answerMs: number
}

export type Exchange = {
  readonly dispatcher: Dispatcher
  readonly path: string
  /** Flat pairs; the key is in here and nowhere else. */
  readonly headers: readonly string[]
  readonly request: Pick<UpstreamRequest, 'body' | 'kind' | 'stream' | 'signal' | 'onPart' | 'requestId'>
  readonly timeouts: UpstreamTimeouts
}

/** How much of a refusal is read for its code, and how long we wait for it, or for the end after `[DONE]`. */
const REFUSAL_BYTES = 16 * 1024
const TAIL_MS = 1_000

const DONE = '[DONE]'

type Headers = Readonly<Record<string, string | string[] | undefined>>
type Phase = 'connect' | 'answer' | 'content' | 'between' | 'tail'
type Reading = 'nothing' | 'events' | 'json' | 'refusal'

const isEmptyUsage = (usage: Usage) => inputTokens(usage) + outputTokens(usage) + usage.audio === 0

/**
 * One request and its answer over undici's `dispatch`: no fetch and no streams on the way. It owns the connection while it
 * lasts, so it is a class; undici calls its `on...` methods.
 */
class OpenAiExchange implements Dispatcher.DispatchHandler {
  readonly #request: Exchange['request']
  readonly #timeouts: UpstreamTimeouts
  readonly #resolve: (end: UpstreamEnd) => void
  readonly #reject: (error: unknown) => void
  readonly #startedMs = performance.now()
  readonly #decoder = createSseDecoder({ maxLineBytes: LIMITS.upstreamEventBytes })
  readonly #onAbort = () => this.#settle('aborted')
  #controller: Dispatcher.DispatchController | undefined
  #timer: NodeJS.Timeout | undefined
  #phase: Phase = 'connect'
  #reading: Reading = 'nothing'
  #status = 0
  #retryAfterMs: number | undefined
  #headroom: UpstreamEnd['headroom']
  #chunks: Buffer[] = []
  #bytes = 0
  /** Events that came while the caller was not ready for the one before. */
  #waiting: string[] = []
  #isBusy = false
  #isEnded = false
  #breakage: unknown
  #isSettled = false
  /** Whether the caller has been given something that a failover could not throw away. */
  #isHandedOn = false
  #firstContentMs: number | undefined
  #usage: Usage | undefined
  #finishReason: string | undefined

  constructor(
    { request, timeouts }: Exchange,
    resolve: (end: UpstreamEnd) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request
    this.#timeouts = timeouts
    this.#resolve = resolve
    this.#reject = reject
    request.signal.addEventListener('abort', this.#onAbort, { once: true })
    this.#startClock('connect', timeouts.connectMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A call that ended while it waited for a connection is never sent.
    if (this.#isSettled) return controller.abort(new Error('settled'))
    this.#controller = controller
    if (this.#request.stream) this.#startClock('content', this.#timeouts.firstContentMs)
    else this.#startClock('answer', this.#timeouts.answerMs)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return
    this.#status = status
    const isJson = String(headers['content-type'] ?? '').startsWith('application/json')
    if (status !== 200) {
      this.#retryAfterMs = readRetryAfterMs({ headers, nowMs: Date.now() })
      this.#reading = 'refusal'
      this.#startClock('tail', TAIL_MS)
      // JSON instead of a stream is how some providers report an error with status 200.
    } else {
      this.#headroom = readHeadroom({ headers, nowMs: Date.now() })
      this.#reading = this.#request.stream && !isJson ? 'events' : 'json'
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isSettled) return
    this.#bytes += chunk.length
    if (this.#reading === 'events') this.#takeEvents(chunk)
    else if (this.#reading === 'json') this.#chunks.push(chunk)
    else if (this.#bytes <= REFUSAL_BYTES) this.#chunks.push(chunk)
    else return this.#conclude()
    if (this.#bytes > LIMITS.upstreamAnswerBytes) this.#fail(new TurnpikeError('upstream_error'))
  }

  onResponseEnd(): void {
    if (this.#isSettled) return clearTimeout(this.#timer)
    this.#isEnded = true
    if (this.#reading === 'events') this.#takeEvents()
    else this.#conclude()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#isSettled) return clearTimeout(this.#timer)
    this.#isEnded = true
    this.#breakage = error
    this.#drain()
  }

  #startClock(phase: Phase, durationMs: number): void {
    clearTimeout(this.#timer)
    this.#phase = phase
    this.#timer = setTimeout(() => this.#expire(), durationMs)
  }

  #expire(): void {
    // The clock measures the provider: while the caller is what we wait for, it starts again.
    if (this.#isBusy) this.#timer?.refresh()
    else if (this.#phase === 'tail' && this.#isSettled) this.#controller?.abort(new Error('tail'))
    else if (this.#phase === 'tail') this.#conclude()
    else this.#fail(new TurnpikeError('upstream_timeout', { extra: { phase: this.#phase } }))
  }

  /** @param chunk none at the end of the stream. */
  #takeEvents(chunk?: Buffer): void {
    try {
      for (const { data } of chunk ? this.#decoder.push(chunk) : this.#decoder.end()) this.#waiting.push(data)
    } catch {
      this.#fail(new TurnpikeError('upstream_error', { message: 'The provider sent an event without end.' }))
      return
    }
    this.#drain()
  }

  /** Hands on what has come, one at a time; holds the provider back while the caller is not ready. */
  #drain(): void {
    if (this.#isBusy || this.#isSettled) return
    let index = 0
    try {
      while (index < this.#waiting.length && !this.#isSettled) {
        const ready = this.#takeEvent(this.#waiting[index] ?? '')
        index += 1
        if (ready) {
          this.#waiting.splice(0, index)
          void this.#waitFor(ready)
          return
        }
      }
    } catch (error) {
      this.#failWith(error)
      return
    }
    this.#waiting.length = 0
    if (this.#isEnded && !this.#isSettled) this.#conclude()
  }

  async #waitFor(ready: Promise<void>): Promise<void> {
    this.#isBusy = true
    if (!this.#isEnded) this.#controller?.pause()
    try {
      await ready
    } catch (error) {
      this.#failWith(error)
      return
    }
    this.#isBusy = false
    this.#drain()
    if (!this.#isBusy && !this.#isEnded) this.#controller?.resume()
  }

  #takeEvent(data: string): void | Promise<void> {
    if (data === DONE) {
      if (this.#isHandedOn) this.#settle('completed')
      else this.#fail(new TurnpikeError('upstream_error', { message: 'The provider sent an empty answer.' }))
      return undefined
    }
    const part = readStreamEvent(data)
    if (part.type !== 'error') return this.#handOn(part)
    this.#fail(
      part.status
        ? rejection({ status: part.status, isInStream: true })
        : new TurnpikeError('upstream_error'),
    )
    return undefined
  }

  #handOn(part: StreamPart): void | Promise<void> {
    if (part.type !== 'preamble') {
      if (part.usage && (!this.#usage || !isEmptyUsage(part.usage))) this.#usage = part.usage
      if (part.type === 'finish') this.#finishReason = part.reason
      if (part.type !== 'usage') {
        this.#isHandedOn = true
        this.#firstContentMs ??= performance.now() - this.#startedMs
      }
      if (this.#phase === 'between') this.#timer?.refresh()
      else if (this.#isHandedOn) this.#startClock('between', this.#timeouts.betweenChunksMs)
    }
    return this.#request.onPart(part)
  }

  /** The provider has said all it will say, and the caller has it. */
  #conclude(): void {
    if (this.#reading === 'refusal') {
      const body = Buffer.concat(this.#chunks).toString()
      this.#fail(rejection({ status: this.#status, body, retryAfterMs: this.#retryAfterMs }))
    } else if (this.#reading === 'json' && this.#breakage === undefined) this.#concludeJson()
    else if (this.#isComplete()) this.#settle('completed')
    else if (this.#breakage !== undefined) this.#fail(connectionError(this.#breakage))
    else this.#fail(new TurnpikeError('upstream_error', { message: 'The provider ended in mid-answer.' }))
  }

  /** Without `[DONE]`: a clean end after finish_reason; after a break the usage must have come as well. */
  #isComplete(): boolean {
    return this.#finishReason !== undefined && (this.#breakage === undefined || this.#usage !== undefined)
  }

  #concludeJson(): void {
    const json = Buffer.concat(this.#chunks).toString()
    const read = this.#request.kind === 'embedding' ? readEmbeddings : readCompletion
    const completion = this.#request.stream ? undefined : read(json)
    if (!completion) return this.#fail(new TurnpikeError('upstream_error'))
    const { finishReason: reason, model: _, ...said } = completion
    void this.#handOnWhole({ type: 'finish', json, reason, ...said })
  }

  async #handOnWhole(part: StreamPart): Promise<void> {
    try {
      await this.#handOn(part)
      this.#settle('completed')
    } catch (error) {
      this.#failWith(error)
    }
  }

  /** The provider's fault: an error while it can be made good elsewhere, an end after that. */
  #fail(error: TurnpikeError): void {
    if (this.#isHandedOn) this.#settle('interrupted')
    else this.#failWith(error)
  }

  #failWith(error: unknown): void {
    if (this.#isSettled) return
    this.#release()
    this.#reject(error)
  }

  #settle(outcome: UpstreamEnd['outcome']): void {
    if (this.#isSettled) return
    this.#release(outcome === 'completed')
    this.#resolve({
      outcome,
      ...(this.#usage ? { usage: this.#usage } : {}),
      ...(this.#finishReason === undefined ? {} : { finishReason: this.#finishReason }),
      ...(this.#firstContentMs === undefined ? {} : { firstContentMs: this.#firstContentMs }),
      ...(this.#headroom ? { headroom: this.#headroom } : {}),
    })
  }

  /** Lets go of the connection: whole answers leave it open for the next call, anything else closes it. */
  #release(isWhole = false): void {
    this.#isSettled = true
    this.#isBusy = false
    this.#waiting.length = 0
    this.#chunks = []
    clearTimeout(this.#timer)
    this.#request.signal.removeEventListener('abort', this.#onAbort)
    if (this.#isEnded) return
    if (isWhole) this.#startClock('tail', TAIL_MS)
    else this.#controller?.abort(new Error('released'))
  }
}

/**
 * Sends one chat completion to a provider that speaks the OpenAI dialect and hands its parts on as they come.
 *
 * @returns how it ended; `aborted` at once when the signal fires.
 * @throws TurnpikeError `upstream_*` while no content has been handed on. It never holds the provider's text.
 */
export function dispatchOpenAi(exchange: Exchange): Promise<UpstreamEnd> {
  const { dispatcher, path, headers, request } = exchange
  if (request.signal.aborted) return Promise.resolve({ outcome: 'aborted' })
  return new Promise((resolve, reject) => {
    const sent = request.requestId ? [...headers, 'x-request-id', request.requestId] : [...headers]
    const handler = new OpenAiExchange(exchange, resolve, reject)
    dispatcher.dispatch({ method: 'POST', path, headers: sent, body: request.body }, handler)
  })
}
