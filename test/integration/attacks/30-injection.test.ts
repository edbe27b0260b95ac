import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { booksAndCalls } from '../../support/refusals.ts'
import { sendPaid } from '../../support/wire-payment.ts'

const stack = useAttackedStack()
const ROOT = join(import.meta.dirname, '../../..')

const CORPUS = [
  `'; drop table admissions; --`,
  `' or '1'='1`,
  `" or ""="`,
  `1; select pg_sleep(5)`,
  `\\'; update balances set credits_posted = 1000000; --`,
  `$1`,
  `{"$gt":""}`,
  '{1,2},{3',
  '%00',
  `call_' union select signature from admissions--`,
  '${jndi:ldap://127.0.0.1:9/x}',
  '{{7*7}}',
  '$(touch /tmp/turnpike-was-here)',
  '../../../../etc/passwd',
  '<script>alert(1)</script>',
]

const HEADERS = [
  'authorization',
  'x-api-key',
  'x-request-id',
  'x-stainless-retry-count',
  'x-forwarded-for',
  'x-forwarded-host',
  'user-agent',
  'accept',
  'origin',
  'cookie',
]

test('words of SQL, templates and shells are words, wherever a caller may write', async () => {
  const before = await booksAndCalls(stack())
  for (const word of CORPUS) {
    const everywhere = Object.fromEntries(HEADERS.map((name) => [name, word]))
    const asked = await fetch(stack().chatUrl, post(chatBody(), everywhere))
    expect(asked.status, word).toBe(402)
    expect(asked.headers.get('x-request-id')).toMatch(/^[\w.-]{1,128}$/)
    expect(await asked.text()).not.toMatch(/syntax error|relation "|pg_/i)
    const answers = [
      await fetch(
        stack().chatUrl,
        post(chatBody(), { 'payment-signature': Buffer.from(word).toString('base64') }),
      ),
      await fetch(stack().chatUrl, post(chatBody({ model: word }))),
      await fetch(`${stack().app.url}/v1/calls/${encodeURIComponent(word)}`),
      await fetch(`${stack().app.url}/v1/calls/call_${encodeURIComponent(word)}`),
      await fetch(`${stack().app.url}/v1/models/${encodeURIComponent(word)}`),
      await fetch(`${stack().app.url}/admin/v1/ledger/check?x=${encodeURIComponent(word)}`),
    ]
    for (const response of answers) {
      expect([400, 401, 404], response.url).toContain(response.status)
      expect(await response.text()).not.toMatch(/syntax error|relation "|pg_/i)
    }
  }
  expect(await booksAndCalls(stack())).toEqual(before)
})

test('a paid call whose every free word is hostile is one call, charged as any other', async () => {
  const word = CORPUS.join('\n')
  const body = chatBody({ question: word, user: word.slice(0, 500), metadata: { note: word.slice(0, 400) } })
  const { payment } = await newPayment({ stack: stack(), scheme: 'upto', body })
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: () => sendPaid({ stack: stack(), body, payment, headers: { 'user-agent': CORPUS[0] ?? '' } }),
  })
  const answer = await readAnswer(value)
  expect(upstreamCalls).toBe(1)
  expect(charged).toBe(BigInt(answer.turnpike.charge))
})

test('one log line is one line, whatever its fields hold', () => {
  const evil = `x\n{"event":"call","charge":"0"}\r\n\u2028{"level":60}`
  const script = `
    const { createLog, logError } = await import('${ROOT}/src/telemetry/log.ts')
    const log = createLog()
    logError({ log, error: new Error(${JSON.stringify(evil)}), fields: { path: ${JSON.stringify(evil)}, request_id: ${JSON.stringify(evil)} } })
    logError({ log, error: Object.assign(new TypeError('x'), { code: ${JSON.stringify(evil)} }) })
  `
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script])
  expect(status).toBe(0)
  const lines = stderr.toString().trimEnd().split('\n')
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ event: 'error' })
})
