import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { countDuring, newPayment, useLyingProvider } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { SCRIPTED_MODEL, sendStream, streamOf, USUAL_USAGE } from '../../support/scripted-provider.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { encodeBase64, sendPaid } from '../../support/wire-payment.ts'

const { stack, scripted } = useLyingProvider()

/** Sends bytes as they are, and reads until the server has closed or fallen silent. */
function sendBytes(text: string): Promise<string> {
  const { hostname, port } = new URL(stack().app.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setTimeout(1_500, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
      // Every answer of ours ends with its JSON; two in a row are what some of these attacks are after.
      socket.setTimeout(150)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
    socket.write(text)
  })
}

const statusesIn = (answer: string) =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))

/** A request as text; `lines` are its headers, in order. */
const requestOf = (lines: readonly string[], body: string) =>
  ['POST /v1/chat/completions HTTP/1.1', 'Host: localhost', ...lines, '', body].join('\r\n')

const lengthOf = (body: string) => `Content-Length: ${Buffer.byteLength(body)}`

/** What must not buy a call, and must not be answered with a second status either. */
async function expectNothingBought(text: string, statuses: readonly number[]): Promise<void> {
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: () => sendBytes(text),
  })
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
  expect(statuses).toContain(statusesIn(value)[0])
}

test('two payments in one request are refused: in two lines, alike or not, in one line, or in two versions', async () => {
  const [one, two] = [
    await newPayment({ stack: stack(), scheme: 'upto' }),
    await newPayment({ stack: stack(), scheme: 'upto' }),
  ]
  const [first, second] = [encodeBase64(one.payment), encodeBase64(two.payment)]
  const { body } = one
  const attempts = [
    [`PAYMENT-SIGNATURE: ${first}`, `PAYMENT-SIGNATURE: ${second}`],
    [`PAYMENT-SIGNATURE: ${first}`, `payment-signature: ${first}`],
    [`PAYMENT-SIGNATURE: ${first},${second}`],
    [`PAYMENT-SIGNATURE: ${first}, ${first}`],
    [`PAYMENT-SIGNATURE: ${first}`, `X-PAYMENT: ${second}`],
    [`X-PAYMENT: ${first}`, `X-PAYMENT: ${first}`],
  ]
  for (const headers of attempts) {
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: () => sendBytes(requestOf([...headers, lengthOf(body)], body)),
    })
    expect(statusesIn(value)).toEqual([400])
    expect(value).toContain('"payment_header_duplicate"')
    expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
  }
  // They were refused, not used up.
  expect((await readAnswer(await sendPaid({ stack: stack(), body, payment: one.payment }))).text).not.toBe('')
})

test('a request whose length two readers would read differently is refused', async () => {
  const { body, payment } = await newPayment({ stack: stack(), scheme: 'upto' })
  const paid = `PAYMENT-SIGNATURE: ${encodeBase64(payment)}`
  const chunked = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`
  const hidden = requestOf([paid, lengthOf(body)], body)
  const attempts: readonly string[] = [
    requestOf([paid, lengthOf(body), 'Transfer-Encoding: chunked'], chunked),
    requestOf([paid, 'Transfer-Encoding: chunked', lengthOf(body)], chunked),
    requestOf([paid, 'Transfer-Encoding: xchunked'], chunked),
    requestOf([paid, lengthOf(body), 'Content-Length: 5'], body),
    requestOf([paid, 'Content-Length: +5'], body),
    requestOf([paid, 'Content-Length: 0x10'], body),
    // A second request in what the first one's length leaves over, behind a length that lies.
    requestOf(['Content-Length: 0', 'Transfer-Encoding: chunked'], `0\r\n\r\n${hidden}`),
    requestOf([` ${paid}`, lengthOf(body)], body),
    requestOf([`PAYMENT-SIGNATURE : x`, lengthOf(body)], body),
  ]
  for (const attempt of attempts) await expectNothingBought(attempt, [400, 402])
})

test('a payment in a trailer, under another name or on another path is none', async () => {
  const { body, payment } = await newPayment({ stack: stack(), scheme: 'upto' })
  const value = encodeBase64(payment)
  const length = Buffer.byteLength(body).toString(16)
  const trailer = `${length}\r\n${body}\r\n0\r\nPAYMENT-SIGNATURE: ${value}\r\n\r\n`
  await expectNothingBought(
    requestOf(['Transfer-Encoding: chunked', 'Trailer: PAYMENT-SIGNATURE'], trailer),
    [402],
  )
  for (const name of [
    'PAYMENT_SIGNATURE',
    'X-PAYMENT-SIGNATURE',
    'PAYMENT-SIGNATURE-2',
    'Payment',
    'Authorization',
  ]) {
    await expectNothingBought(requestOf([`${name}: ${value}`, lengthOf(body)], body), [402])
  }
  for (const path of [
    '/v1//chat/completions',
    '/v1/chat/completions%2f',
    '/v1/./chat/completions',
    '/V1/embeddings',
  ]) {
    const request = requestOf([`PAYMENT-SIGNATURE: ${value}`, lengthOf(body)], body)
    await expectNothingBought(request.replace('/v1/chat/completions', path), [400, 402, 404])
  }
  const override = [
    'X-HTTP-Method-Override: DELETE',
    'X-Original-URL: /admin/v1/settlements/run',
    lengthOf(body),
  ]
  await expectNothingBought(requestOf(override, body), [402])
})

test('what a provider says in payment headers and cookies goes to nobody, and ours not to the provider', async () => {
  scripted().setAnswer(({ response }) =>
    sendStream(response, `: payment-response from-upstream\n\n${streamOf({ usage: USUAL_USAGE })}`, {
      'payment-response': 'from-upstream',
      'payment-required': 'from-upstream',
      'x-payment-response': 'from-upstream',
      'settlement-overrides': '{"amount":"1"}',
      'set-cookie': 'tracker=1',
      'x-call-id': 'from-upstream',
      'proxy-authenticate': 'Basic',
    }),
  )
  const { pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'upto' })
  const body = chatBody({ model: SCRIPTED_MODEL, stream: true })
  const headers = {
    cookie: 'session=1',
    authorization: 'Bearer sk-of-the-caller',
    'x-forwarded-for': '10.0.0.7',
  }
  const response = await pay(stack().chatUrl, post(body, headers))
  const everything = JSON.stringify([...response.headers]) + (await response.text())
  expect(everything).toContain('Hello')
  for (const trace of ['from-upstream', 'settlement-overrides', 'tracker', 'proxy-authenticate']) {
    expect(everything.toLowerCase()).not.toContain(trace)
  }
  expect(scripted().seen).toHaveLength(1)
  const given = JSON.stringify(scripted().seen[0])
  for (const secret of ['payment-signature', 'x-payment', 'session=1', 'sk-of-the-caller', '10.0.0.7']) {
    expect(given).not.toContain(secret)
  }
})
