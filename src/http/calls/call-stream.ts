import type { ServerResponse } from 'node:http'
import { openingReceipt, type RecordedCall } from '../../call/serve/record.ts'
import type { AdmittedCall } from '../../call/types.ts'
import type { StreamPart } from '../../chat/types.ts'
import { toWireError } from '../../lib/errors/to-wire.ts'
import type { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { receiptComment } from '../../payment/receipts/receipt.ts'
import { PRIVATE, receiptHeader } from '../answer.ts'
import { callHeaders, endingOf } from './call-fields.ts'
import { dialectAt } from '../request/dialects.ts'

/** Silence after which a comment keeps the connection open. */
const KEEP_ALIVE_MS = 15_000

/** The answer of one streamed call: written as it comes, never held back but for the last events, which wait for W3. */
export type CallStream = {
  readonly hasStarted: () => boolean
  readonly write: (part: StreamPart) => void | Promise<void>
  /** The last events, with usage and receipt. Only after the call is recorded. */
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
  const stream = dialectAt(call.path).openStream(call)
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

  function send(frames: string): void | Promise<void> {
    if (frames === '') return undefined
    open()
    if (response.write(frames) || response.destroyed) return undefined
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
      return send(stream.write(part))
    },
    finish(recorded) {
      const { last, end } = stream.finish(endingOf(recorded))
      void send(last)
      if (recorded.receipt) response.write(receiptComment(recorded.receipt))
      void send(end)
      close()
    },
    fail({ error, recorded }) {
      void send(stream.fail(toWireError(error)))
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
