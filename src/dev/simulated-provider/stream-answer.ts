import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { frameEvent } from '../../lib/sse.ts'
import { chunkOf, contentChunks, type SimulatedAnswer } from './answer.ts'
import type { SimulatedFaults } from './faults.ts'

export type Pace = { readonly firstTokenMs: number; readonly tokensPerSecond: number }

/** Waits for a moment; false where the caller hung up meanwhile. A tokensPerSecond of 0 means "as fast as possible". */
async function waitUntil(dueMs: number, signal: AbortSignal): Promise<boolean> {
  const waitMs = dueMs - performance.now()
  if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined)
  return !signal.aborted
}

async function stall({ response, faults, signal }: Streamed): Promise<void> {
  while (!signal.aborted) {
    await sleep(faults.commentMs ?? 3_600_000, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) response.write(': keep-alive\n\n')
  }
}

/** Plays the fault that is due before chunk `index`. True where the answer ends with it. */
async function playFault(streamed: Streamed, index: number): Promise<boolean> {
  const { response, faults } = streamed
  if (faults.stallAfter === index) {
    await stall(streamed)
    return true
  }
  if (faults.cutAfter === index) {
    // What was sent before the cut must have left the process, or the cut would come earlier than asked.
    await new Promise((resolve) => response.write(':\n\n', resolve))
    response.destroy()
    return true
  }
  if (faults.endAfter === index) {
    response.end()
    return true
  }
  if (faults.errorAfter === index) {
    response.end(frameEvent(JSON.stringify({ error: { message: streamed.errorText, code: 502 } })))
    return true
  }
  if (faults.malformedAfter === index) response.write('data: {"choices":[{"del\n\n')
  return false
}

type Streamed = {
  readonly response: ServerResponse
  readonly answer: SimulatedAnswer
  readonly pace: Pace
  readonly includeUsage: boolean
  readonly faults: SimulatedFaults
  readonly errorText: string
  readonly startedMs: number
  readonly signal: AbortSignal
}

function sendOpening({ response, answer }: Streamed): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
  const opening = answer.choices.map((_, index) => ({
    index,
    delta: { role: 'assistant', content: '', refusal: null },
    logprobs: null,
    finish_reason: null,
  }))
  response.write(frameEvent(chunkOf({ answer, choices: opening })))
}

function sendEnd({ response, answer, includeUsage, faults }: Streamed): void {
  let end = ''
  for (const [index, { finishReason }] of answer.choices.entries()) {
    const choice = { index, delta: {}, logprobs: null, finish_reason: finishReason }
    end += frameEvent(chunkOf({ answer, choices: [choice] }))
  }
  if (includeUsage && !faults.missingUsage) {
    end += frameEvent(chunkOf({ answer, choices: [], usage: answer.usage }))
  }
  response.end(`${end}data: [DONE]\n\n`)
}

/** Writes an answer as a stream at its pace, one token a chunk, waiting where the reader is slower. */
export async function streamAnswer(streamed: Streamed): Promise<void> {
  const { response, answer, pace, startedMs, signal } = streamed
  const gapMs = pace.tokensPerSecond > 0 ? 1_000 / pace.tokensPerSecond : 0
  sendOpening(streamed)
  const chunks = contentChunks(answer)
  for (const [index, chunk] of chunks.entries()) {
    if (!(await waitUntil(startedMs + pace.firstTokenMs + index * gapMs, signal))) return
    if (await playFault(streamed, index)) return
    if (!response.write(frameEvent(chunk))) await once(response, 'drain', { signal }).catch(() => undefined)
  }
  if (signal.aborted || (await playFault(streamed, chunks.length))) return
  sendEnd(streamed)
}
