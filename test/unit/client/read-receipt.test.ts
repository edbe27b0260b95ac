import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReceiptWatch, readReceipt, watchBody } from '../../../src/client/wire/read-receipt.ts'
import { encodeReceipt, receiptComment, type Receipt } from '../../../src/payment/receipts/receipt.ts'

const RECEIPT: Receipt = {
  success: true,
  transaction: '',
  network: 'eip155:84532',
  payer: '0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
  extra: {
    chargedAmount: '1234',
    channelState: { channelId: `0x${'AB'.repeat(32)}`, balance: '1000000', chargedCumulativeAmount: '5678' },
  },
}
const COMMENT = encodeReceipt(RECEIPT)
const STREAM = `data: {"text":": payment-response x"}\r\n\r\n: keep-alive\n\n: payment-responses no\n\n${receiptComment(RECEIPT)}data: [DONE]\n\n`
const BYTES = new TextEncoder().encode(STREAM)

function heard(chunks: readonly Uint8Array[]): string[] {
  const comments: string[] = []
  const watch = createReceiptWatch({ onComment: (text) => comments.push(text) })
  for (const chunk of chunks) watch.push(chunk)
  watch.end()
  return comments
}

test('finds the comment in a stream that is cut at every byte', () => {
  for (let at = 0; at <= BYTES.length; at += 1) {
    expect(heard([BYTES.subarray(0, at), BYTES.subarray(at)])).toEqual([COMMENT])
  }
})

test('finds the comment in a stream of single bytes, whose memory is used again', () => {
  const comments: string[] = []
  const watch = createReceiptWatch({ onComment: (text) => comments.push(text) })
  const memory = new Uint8Array(1)
  for (const byte of BYTES) {
    memory[0] = byte
    watch.push(memory)
  }
  expect(comments).toEqual([COMMENT])
})

test.each(['\n', '\r', '\r\n'])('takes %j for the end of a line', (end) => {
  expect(heard([new TextEncoder().encode(STREAM.replaceAll(/\r\n|\n/g, end))])).toEqual([COMMENT])
})

test('a stream that ends without a line feed still tells its receipt', () => {
  expect(heard([new TextEncoder().encode(`data: 1\n\n: payment-response ${COMMENT}`)])).toEqual([COMMENT])
})

test('an endless comment is not kept', () => {
  const watch = createReceiptWatch({ onComment: () => expect.unreachable() })
  watch.push(new TextEncoder().encode(': payment-response '))
  for (let index = 0; index < 64; index += 1) watch.push(new Uint8Array(1_024).fill(65))
  watch.push(new TextEncoder().encode('\n'))
})

test('passes any bytes through unchanged, in any chunks, and hears the comment before its chunk is read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }),
      fc.nat(BYTES.length),
      async (noise, cut) => {
        // Noise that ends its line, so that what follows stands at the start of one.
        const sent = [...noise, new Uint8Array([10]), BYTES.subarray(0, cut), BYTES.subarray(cut)]
        const events: string[] = []
        const body = watchBody({
          body: ReadableStream.from(sent) as ReadableStream<Uint8Array>,
          onComment: (text) => text === COMMENT && events.push('heard'),
          onEnd: () => events.push('end'),
        })
        const got: Uint8Array[] = []
        let text = ''
        for await (const chunk of body) {
          got.push(chunk)
          text += Buffer.from(chunk).toString('latin1')
          if (text.includes('[DONE]')) expect(events).toContain('heard')
        }
        expect(Buffer.concat(got)).toEqual(Buffer.concat(sent))
        expect(events).toEqual(['heard', 'end'])
      },
    ),
    { numRuns: 100 },
  )
})

test('a fault of the source, and a reader that leaves, end the watching once', async () => {
  let ends = 0
  const watched = (body: ReadableStream<Uint8Array>) =>
    watchBody({ body, onComment: () => undefined, onEnd: () => (ends += 1) })
  const broken = watched(new ReadableStream({ pull: () => Promise.reject(new Error('reset')) }))
  await expect(new Response(broken).text()).rejects.toThrow('reset')
  let cancelled: unknown
  const left = watched(new ReadableStream({ cancel: (reason) => void (cancelled = reason) }))
  await left.cancel('enough')
  expect([ends, cancelled]).toEqual([2, 'enough'])
})

test('a receipt is read with its amounts, and its addresses in lower case', () => {
  expect(readReceipt(COMMENT)).toEqual({
    success: true,
    transaction: '',
    network: 'eip155:84532',
    payer: RECEIPT.payer,
    chargeAtomic: 1_234n,
    channel: { channelId: `0x${'ab'.repeat(32)}`, reportedAtomic: 5_678n, balanceAtomic: 1_000_000n },
  })
})

test.each(['', '!', 'e30=', Buffer.from('{"success":true').toString('base64')])(
  '%j is no receipt',
  (text) => {
    expect(() => readReceipt(text)).toThrow(expect.objectContaining({ fault: 'malformed' }))
  },
)
