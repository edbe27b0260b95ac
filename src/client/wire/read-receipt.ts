import { parseAtomic, type Atomic } from '../../lib/money.ts'
import { decodeReceipt } from '../../payment/receipts/receipt.ts'
import { ReceiptError } from './errors.ts'

/** A receipt whose amounts have been read; whether they may be believed is for the scheme to say. */
export type PaidReceipt = {
  readonly success: boolean
  readonly transaction: string
  readonly network: string
  readonly payer?: string
  /** The call that it is for, where the server says so. */
  readonly callId?: string
  /** What the transaction moved. */
  readonly movedAtomic?: Atomic
  /** What the call was charged; absent while it runs. */
  readonly chargeAtomic?: Atomic
  readonly channel?: {
    readonly channelId: string
    readonly reportedAtomic?: Atomic
    readonly balanceAtomic?: Atomic
  }
}

type Json = Readonly<Record<string, unknown>>
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null

function amountAt({ of, name }: { of: Json; name: string }): Atomic | undefined {
  const value = of[name]
  if (value === undefined) return undefined
  const amountAtomic = parseAtomic(value)
  if (amountAtomic === undefined) throw new ReceiptError('malformed', `The receipt's ${name} is no amount.`)
  return amountAtomic
}

const optional = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as Partial<Record<Key, Value>>

function readChannel(state: unknown): Pick<PaidReceipt, 'channel'> {
  if (!isJson(state) || typeof state['channelId'] !== 'string') return {}
  return {
    channel: {
      channelId: state['channelId'].toLowerCase(),
      ...optional('reportedAtomic', amountAt({ of: state, name: 'chargedCumulativeAmount' })),
      ...optional('balanceAtomic', amountAt({ of: state, name: 'balance' })),
    },
  }
}

/**
 * Reads a `PAYMENT-RESPONSE`, from the header or from a stream's comment.
 *
 * @throws ReceiptError `malformed`.
 */
export function readReceipt(text: string): PaidReceipt {
  const receipt = decodeReceipt(text)
  if (!receipt) throw new ReceiptError('malformed', 'The receipt is not base64 of a receipt.')
  const extra = receipt.extra ?? {}
  const { payer } = receipt
  return {
    success: receipt.success,
    transaction: receipt.transaction,
    network: receipt.network,
    ...(typeof extra['callId'] === 'string' ? { callId: extra['callId'] } : {}),
    ...(typeof payer === 'string' ? { payer: payer.toLowerCase() } : {}),
    ...optional('movedAtomic', amountAt({ of: receipt, name: 'amount' })),
    ...optional('chargeAtomic', amountAt({ of: extra, name: 'chargedAmount' })),
    ...readChannel(extra['channelState']),
  }
}

const PREFIX = new TextEncoder().encode(': payment-response ')
const LF = 10
const CR = 13
/** A longer line is no receipt, and is not kept. */
const MAX_COMMENT_BYTES = 16 * 1024

/** Base64 is ASCII; what is not ASCII is no receipt, and is refused when it is read. */
const latin1Of = (bytes: Uint8Array) => String.fromCharCode(...bytes)

/**
 * Watches the bytes of a stream for the comment that carries the receipt. Chunks may be cut anywhere; nothing is changed.
 *
 * @param onComment what follows `: payment-response `; called while the chunk that ends the line is pushed.
 */
export function createReceiptWatch({ onComment }: { onComment: (base64: string) => void }) {
  /** Bytes of the prefix matched so far in this line, or -1 in a line that is something else. */
  let matched = 0
  let comment: Uint8Array[] = []
  let commentBytes = 0

  function endLine(): void {
    if (matched === PREFIX.length) onComment(comment.map(latin1Of).join('').trim())
    matched = 0
    comment = []
    commentBytes = 0
  }

  /** The first position at or after `start` where a line ends. */
  function lineEnd(bytes: Uint8Array, start: number): number {
    const lf = bytes.indexOf(LF, start)
    const cr = bytes.subarray(start, lf === -1 ? bytes.length : lf).indexOf(CR)
    if (cr !== -1) return start + cr
    return lf === -1 ? bytes.length : lf
  }

  return {
    push(bytes: Uint8Array): void {
      let at = 0
      while (at < bytes.length) {
        const end = lineEnd(bytes, at)
        while (at < end && matched >= 0 && matched < PREFIX.length) {
          matched = bytes[at] === PREFIX[matched] ? matched + 1 : -1
          at += 1
        }
        if (matched === PREFIX.length && at < end) {
          commentBytes += end - at
          if (commentBytes > MAX_COMMENT_BYTES) matched = -1
          // A copy: whoever reads the stream may use the chunk's memory again.
          else comment.push(bytes.slice(at, end))
        }
        if (end < bytes.length) endLine()
        at = end + 1
      }
    },
    /** The stream's end also ends its last line. */
    end: endLine,
  }
}

/**
 * Passes a body through byte for byte. The receipt is applied before the chunk with it reaches the reader; where
 * applying throws, the stream ends with that error.
 *
 * @param onEnd once: how the stream ended, by itself, by its reader or by a fault.
 */
export function watchBody({
  body,
  onComment,
  onEnd,
}: {
  body: ReadableStream<Uint8Array>
  onComment: (base64: string) => void
  onEnd: () => void
}): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const watch = createReceiptWatch({ onComment })
  let isOpen = true
  const end = () => {
    if (isOpen) onEnd()
    isOpen = false
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            watch.end()
            end()
            controller.close()
            return
          }
          watch.push(value)
          controller.enqueue(value)
        } catch (error) {
          end()
          controller.error(error)
          await reader.cancel(error).catch(() => undefined)
        }
      },
      async cancel(reason) {
        end()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
