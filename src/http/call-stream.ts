import type { ServerResponse } from 'node:http'
import { openingReceipt, type RecordedCall } from '../call/record.ts'
import type { AdmittedCall } from '../call/types.ts'
import { withTurnpike } from '../chat/decorate.ts'
import type { StreamPart } from '../chat/types.ts'
import { toWireError } from '../lib/errors/to-wire.ts'
import type { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { frameEvent } from '../lib/sse.ts'
import { receiptComment } from '../payment/receipt.ts'
import { PRIVATE, receiptHeader } from './answer.ts'
import { callHeaders, decorationOf } from './call-fields.ts'

/** Silence after which a comment keeps the connection open. */
const KEEP_ALIVE_MS = 15_000

/** The answer of one streamed call: written as it comes, never held back but for the last events, which wait for W3. */
export type CallStream = {
  readonly hasStarted: () => boolean
  readonly write: (part: StreamPart) => void | Promise<void>
  /** The last events: finish, usage, receipt, `[DONE]`. Only after the call is recorded. */
  readonly finish: (recorded: RecordedCall) => void
  /** What went wrong after the first byte, as an event; the receipt tells what is charged nevertheless. */
  readonly fail: (failure: { error: TurnpikeError; recorded?: RecordedCall }) => void
  /** The caller has hung up: nothing more to say. */
  readonly close: () => void
}

export function createCallStream({
  call,
  response,
}: {
  call: AdmittedCall
  response: ServerResponse
}): CallStream {
  const { includeUsage } = call.request
  let finishPart: Extract<StreamPart, { type: 'finish' }> | undefined
  let usagePart: Extract<StreamPart, { type: 'usage' }> | undefined
  let keepAlive: NodeJS.Timeout | undefined

  function open(): void {
    if (response.headersSent) return
    const x402Version = call.payment?.x402Version ?? 2
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      ...PRIVATE,
      'x-accel-buffering': 'no',
      ...callHeaders(call),
      ...receiptHeader({ receipt: openingReceipt(call), x402Version }),
    })
    keepAlive = setInterval(() => response.write(': keep-alive\n\n'), KEEP_ALIVE_MS)
  }

  function writeJson(json: string): void | Promise<void> {
    open()
    if (response.write(frameEvent(json)) || response.destroyed) return undefined
    return drained(response)
  }

  function close(): void {
    clearInterval(keepAlive)
    if (!response.writableEnded) response.end()
  }

  return {
    hasStarted: () => response.headersSent,
    write(part) {
      keepAlive?.refresh()
      if (part.type === 'usage') {
        usagePart = part
        return undefined
      }
      if (part.type !== 'finish') return writeJson(part.json)
      // With several choices each has its own finish; only the last one waits for the record.
      const earlier = finishPart
      finishPart = part
      return earlier ? writeJson(earlier.json) : undefined
    },
    finish(recorded) {
      const decoration = { ...decorationOf(recorded), keepUsage: includeUsage }
      const wantsUsageChunk = includeUsage && usagePart !== undefined
      if (finishPart) {
        const { json } = finishPart
        void writeJson(wantsUsageChunk ? json : withTurnpike({ json, ...decoration }))
      }
      if (wantsUsageChunk && usagePart) void writeJson(withTurnpike({ json: usagePart.json, ...decoration }))
      if (recorded.receipt) response.write(receiptComment(recorded.receipt))
      response.write('data: [DONE]\n\n')
      close()
    },
    fail({ error, recorded }) {
      void writeJson(JSON.stringify({ error: toWireError(error) }))
      if (recorded?.receipt) response.write(receiptComment(recorded.receipt))
      close()
    },
    close,
  }
}

/** Resolves when the caller has taken what was written, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.on('drain', go)
    response.on('close', go)
  })
}
