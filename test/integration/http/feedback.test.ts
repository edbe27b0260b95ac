import { createSIWxPayload, encodeSIWxHeader } from '@x402/extensions/sign-in-with-x'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { openPglite } from '../../../src/storage/database/pglite.ts'
import { chatBody, post, readError } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { decodeBase64, type StockPayer, stockPayer } from '../../support/stock-payer.ts'

let stack: Stack
let payer: Payer
let pay: StockPayer['pay']
let callId: string
beforeAll(async () => {
  stack = await startStack()
  payer = await stack.newPayer()
  ;({ pay } = stockPayer({ stack, payer, scheme: 'batch-settlement' }))
  callId = await call()
})
afterAll(() => stack.closeWorld())

const SYSTEM = 'You are the clerk of the harbour, and nobody may know of berth seventeen.'
const WORD = 'berth seventeen'

/** One paid call at one site. @returns its id. */
async function call({
  question = 'Which boats are in?',
  headers = {},
}: { question?: string; headers?: Record<string, string> } = {}) {
  const messages = [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: question },
  ]
  const body = JSON.stringify({ ...(JSON.parse(chatBody({ question })) as object), messages })
  const response = await pay(stack.chatUrl, post(body, headers))
  expect(response.status).toBe(200)
  await response.text()
  return response.headers.get('x-call-id') ?? ''
}

const say = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${stack.app.url}/v1/feedback`, post(typeof body === 'string' ? body : JSON.stringify(body), headers))

/** A proof of a wallet, made of the challenge that another address gave: it is good for all of this server. */
async function signedBy({ account }: Payer): Promise<Record<string, string>> {
  const asked = await fetch(`${stack.app.url}/v1/calls`)
  const { extensions } = decodeBase64(asked.headers.get('payment-required') ?? '') as {
    extensions: Record<string, { info: object; supportedChains: readonly object[] }>
  }
  const challenge = extensions['sign-in-with-x']
  const terms = { ...challenge?.info, ...challenge?.supportedChains[0] } as never
  return { 'sign-in-with-x': encodeSIWxHeader(await createSIWxPayload(terms, account, asked.url)) }
}

test('who has the id of a call may say how it was, and say so anew', async () => {
  const first = await say({ call_id: callId, rating: 'bad', reason: 'incomplete' })
  expect(first.status).toBe(200)
  expect(await first.json()).toEqual({
    object: 'feedback',
    call_id: callId,
    score: 0,
    reason: 'incomplete',
    replaced: false,
  })
  const again = await say({ call_id: callId, score: 0.75 })
  expect(await again.json()).toMatchObject({ score: 0.75, reason: null, replaced: true })
})

test("the payer's signed word stands against those who only have the id, and strangers are not heard", async () => {
  const signed = await say({ call_id: callId, score: 0.25 }, await signedBy(payer))
  expect(await signed.json()).toMatchObject({ score: 0.25, replaced: true })
  const held = await say({ call_id: callId, score: 1 })
  expect([held.status, (await readError(held)).code]).toEqual([403, 'feedback_not_yours'])
  const stranger = await say({ call_id: callId, score: 1 }, await signedBy(await stack.newPayer()))
  expect([stranger.status, (await readError(stranger)).code]).toEqual([403, 'feedback_not_yours'])
  const changed = await say({ call_id: callId, score: 1 }, await signedBy(payer))
  expect(await changed.json()).toMatchObject({ score: 1, replaced: true })
})

const UNKNOWN = `call_${'0'.repeat(36)}`

test.each([
  ['nothing', '', 400, 'missing_field', 'call_id'],
  ['no score', { call_id: UNKNOWN }, 400, 'missing_field', 'score'],
  ['an unknown call', { call_id: UNKNOWN, score: 1 }, 404, 'call_not_found', 'call_id'],
  ['an id of another form', { call_id: 'gen-1', score: 1 }, 400, 'invalid_field', 'call_id'],
  ['a score beyond 1', { call_id: UNKNOWN, score: 1.1 }, 400, 'invalid_field', 'score'],
  ['a score that is a word', { call_id: UNKNOWN, score: '1' }, 400, 'invalid_field', 'score'],
  ['a rating of its own', { call_id: UNKNOWN, rating: 'fine' }, 400, 'invalid_field', 'rating'],
  ['both', { call_id: UNKNOWN, score: 1, rating: 'good' }, 400, 'contradicting_options', 'rating'],
  ['a text as reason', { call_id: UNKNOWN, score: 1, reason: WORD }, 400, 'invalid_field', 'reason'],
  ['a text beside it', { call_id: UNKNOWN, score: 1, comment: WORD }, 400, 'unknown_field', 'comment'],
  ['no JSON', '{', 400, 'invalid_json', null],
  ['a list', '[]', 400, 'invalid_json', null],
] as const)('%s is refused, and the refusal does not repeat it', async (_what, body, status, code, param) => {
  const response = await say(body)
  const text = await response.clone().text()
  expect(text).not.toContain(WORD)
  const error = await readError(response)
  expect([response.status, error.code, error.param]).toEqual([status, code, param])
})

test('a long body is refused before it is read, another method told of the right one', async () => {
  const long = await say({ call_id: callId, score: 1, reason: 'x'.repeat(LIMITS.feedbackBodyBytes) })
  expect([long.status, (await readError(long)).message]).toEqual([413, expect.stringContaining('4 KiB')])
  const read = await fetch(`${stack.app.url}/v1/feedback`)
  expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
})

test('a misspelt opt-out is refused before anything is paid', async () => {
  const response = await fetch(stack.chatUrl, post(chatBody({}), { 'x-turnpike-feedback': 'of' }))
  expect([response.status, (await readError(response)).param]).toEqual([400, 'x-turnpike-feedback'])
})

test('what calls have shown moves what auto thinks of a model at that place, for the wallet that has made them', async () => {
  const learner = await stack.newPayer()
  const { pay: payAs } = stockPayer({ stack, payer: learner, scheme: 'batch-settlement' })
  const messages = [
    { role: 'system', content: 'You are the pilot of the same harbour.' },
    { role: 'user', content: 'Which berth is free?' },
  ]
  const model = 'openai/gpt-4o-mini'
  for (let count = 0; count < 12; count += 1) {
    // Every answer ends at its cap.
    const response = await payAs(stack.chatUrl, post(JSON.stringify({ model, messages, max_tokens: 1 })))
    expect(response.status).toBe(200)
    await response.text()
  }
  const body = JSON.stringify({ model: 'auto', messages, models: [model] })
  const estimateFor = async (headers: Record<string, string>) => {
    const quote = await fetch(`${stack.app.url}/v1/quotes`, post(body, headers))
    const { explanation } = (await quote.json()) as {
      explanation: { candidates: readonly { estimate: Record<string, number> }[] }
    }
    return explanation.candidates[0]?.estimate ?? {}
  }
  const own = { 'x-turnpike-payer': learner.address }
  await expect.poll(() => estimateFor(own), { timeout: 15_000 }).toHaveProperty('site')
  expect((await estimateFor(own))['site']).toBeLessThan(-0.1)
  expect(await estimateFor({})).not.toHaveProperty('site')
  expect(await estimateFor({ 'x-turnpike-payer': payer.address })).not.toHaveProperty('site')
  expect(await estimateFor({ ...own, 'x-turnpike-feedback': 'off' })).not.toHaveProperty('site')
})

test('who names a wallet that is none is told', async () => {
  const response = await fetch(stack.chatUrl, post(chatBody({}), { 'x-turnpike-payer': '0x12' }))
  expect([response.status, (await readError(response)).param]).toEqual([400, 'x-turnpike-payer'])
})

test('what is kept are numbers under keyed names; of calls that opted out, nothing', async () => {
  const off = await call({ question: 'Who is at the pier?', headers: { 'x-turnpike-feedback': 'off' } })
  const watched = await call({ question: 'Who is at the quay?' })
  expect((await say({ call_id: off, rating: 'good' })).status).toBe(200)
  await stack.app.close()
  const { client, database } = await openPglite({ dataDirectory: stack.ledgerFolder })
  const rows = async (table: string) =>
    (await client.query<Record<string, unknown>>(`select * from ${table} order by 1`)).rows
  try {
    const all = await rows('observations')
    expect(all.map((row) => row['call_id'])).not.toContain(off)
    const observations = all.filter((row) => row['call_id'] === callId || row['call_id'] === watched)
    const [site, ...others] = new Set(observations.map((row) => row['site']))
    expect([observations.length, others]).toEqual([2, []])
    expect((await rows('call_sites')).filter((row) => row['site'] === site)).toMatchObject([
      { samples: expect.closeTo(2, 3), told_good: expect.closeTo(0.6, 3), told_bad: expect.closeTo(0, 3) },
    ])
    const words = await rows('feedback')
    expect(words).toHaveLength(2)
    expect(words.find((row) => row['call_id'] === off)).toMatchObject({ counted_good: 0, counted_bad: 0 })
    const kept = JSON.stringify([observations, await rows('call_sites'), words])
    expect(kept).not.toMatch(/harbour|seventeen|boats|quay/i)
    expect(kept).not.toContain(payer.address.slice(2))
  } finally {
    await database.close()
  }
})
