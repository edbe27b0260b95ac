import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type SimulatedAnswer, tokensOf } from './answer.ts'
import type { Face } from './faces/face.ts'
import type { SimulatedFaults } from './faults.ts'

export type Pace = { readonly firstTokenMs: number; readonly tokensPerSecond: number }

type Streamed = {
  readonly face: Face
  readonly response: ServerResponse
  readonly answer: SimulatedAnswer
  readonly pace: Pace
  readonly faults: SimulatedFaults
  readonly errorText: string
  readonly startedMs: number
  readonly signal: AbortSignal
}

/** Waits for a moment; false where the caller hung up meanwhile. A tokensPerSecond of 0 means "as fast as possible". */
async function waitUntil(dueMs: number, signal: AbortSignal): Promise<boolean> {
  const waitMs = dueMs - performance.now()
  if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined)
  return !signal.aborted
}

async function stall({ face, response, faults, signal }: Streamed): Promise<void> {
  while (!signal.aborted) {
    await sleep(faults.commentMs ?? 3_600_000, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) response.write(face.keepAlive)
  }
}

/** Plays the fault that is due before chunk `index`. True where the answer ends with it. */
async function playFault(streamed: Streamed, index: number): Promise<boolean> {
  const { face, response, faults } = streamed
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
    response.end(face.errorEvent({ status: faults.errorStatus, message: streamed.errorText }))
    return true
  }
  if (faults.malformedAfter === index) response.write(face.malformed)
  return false
}

function sendOpening({ face, response, answer }: Streamed): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
  const opening = face.opening(answer)
  if (opening === '') response.flushHeaders()
  else response.write(opening)
}

/** How many tokens have left, and why no more did. */
type Sent = { readonly sentTokens: number; readonly endedBy: 'end' | 'fault' | 'reader' }

/** Writes an answer as a stream at its pace, one token a chunk, waiting where the reader is slower. */
export async function streamAnswer(streamed: Streamed): Promise<Sent> {
  const { face, response, answer, pace, startedMs, signal } = streamed
  const gapMs = pace.tokensPerSecond > 0 ? 1_000 / pace.tokensPerSecond : 0
  sendOpening(streamed)
  const chunks = tokensOf(answer).map((token) => face.token(token))
  for (const [index, chunk] of chunks.entries()) {
    if (!(await waitUntil(startedMs + pace.firstTokenMs + index * gapMs, signal)))
      return { sentTokens: index, endedBy: 'reader' }
    if (await playFault(streamed, index)) return { sentTokens: index, endedBy: 'fault' }
    if (chunk !== '' && !response.write(chunk))
      await once(response, 'drain', { signal }).catch(() => undefined)
  }
  const sentTokens = chunks.length
  if (signal.aborted) return { sentTokens, endedBy: 'reader' }
  if (await playFault(streamed, chunks.length)) return { sentTokens, endedBy: 'fault' }
  response.end(face.end(answer))
  return { sentTokens, endedBy: 'end' }
}
