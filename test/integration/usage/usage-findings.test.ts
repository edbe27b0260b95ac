import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import { useLyingProvider } from '../../support/attacked-stack.ts'
import { findIn, newCanary } from '../../support/canary.ts'
import { type Answered, chatBody, MODEL, post, readAnswer } from '../../support/chat.ts'
import { SCRIPTED_MODEL, sendStream, streamOf } from '../../support/scripted-provider.ts'
import { type StockPayer, stockPayer } from '../../support/stock-payer.ts'

const { stack, scripted } = useLyingProvider()
const canary = newCanary()
let pay: StockPayer['pay']
beforeAll(async () => {
  ;({ pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'batch-settlement' }))
})

const ENDPOINT = `simulated/${MODEL}@local`

type WireFinding = Readonly<Record<string, string | number | null>> & { readonly id: string }

const admin = (path: string, order?: unknown) =>
  fetch(`${stack().app.url}/admin/v1/reconciliation/findings${path}`, {
    headers: { authorization: `Bearer ${stack().adminToken}` },
    ...(order === undefined ? {} : { method: 'POST', body: JSON.stringify(order) }),
  })
const list = async (query = '') =>
  ((await (await admin(query)).json()) as { data: readonly WireFinding[] }).data
const metricsText = async () => (await fetch(`${stack().app.url}/metrics`)).text()

async function turnpike(parameters: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['src/main.ts', ...parameters], {
    cwd: join(import.meta.dirname, '../../..'),
    env: { ...process.env, TURNPIKE_ADMIN_URL: stack().app.url, TURNPIKE_ADMIN_TOKEN: stack().adminToken },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return said
}

let calls = 0
/** One paid call; its caller is never charged above its ceiling, whatever the provider says. */
async function call(more: Record<string, unknown> = {}): Promise<Answered> {
  calls += 1
  const question = canary.text(`prompt ${calls}`)
  const body = chatBody({ question, max_tokens: 400, stream: calls % 2 === 0, ...more })
  const answered = await readAnswer(await pay(stack().chatUrl, post(body)))
  expect(BigInt(answered.turnpike.charge)).toBeLessThanOrEqual(BigInt(answered.turnpike.ceiling))
  return answered
}
async function callTimes(times: number): Promise<readonly Answered[]> {
  const answers: Answered[] = []
  for (let index = 0; index < times; index += 1) answers.push(await call())
  return answers
}

test('an honest provider raises nothing over 30 paid calls', async () => {
  await callTimes(30)
  expect(await list()).toEqual([])
})

test('a provider that counts double is one finding for as long as it does, and nobody’s words are in it', async () => {
  stack().provider.setFaults({ usageFactor: 2 })
  const answers = await callTimes(4)
  const reported = answers.reduce((sum, { usage }) => sum + usage.completion_tokens, 0)
  const found = await list()
  expect(found).toEqual([
    expect.objectContaining({
      object: 'finding',
      class: 'usage',
      network: 'providers',
      subject: `${ENDPOINT} output`,
      ledger: `${reported / 2} tokens, counted with o200k, the tokenizer of the model; calls so far: 4`,
      chain: `${reported} tokens, 2.00 times as many`,
      state: 'open',
      means: expect.stringContaining('A provider counted'),
    }),
  ])

  // A pass over the chain neither closes it nor takes it for a difference between ledger and chain.
  const { differences, usage } = await stack().app.reconcile()
  expect(differences).toEqual([])
  expect(usage).toMatchObject([{ id: found[0]?.id, state: 'open' }])
  const json = await turnpike(['reconcile', '--json'])
  expect(JSON.parse(json)).toMatchObject({ differences: [], usage: [{ class: 'usage', id: found[0]?.id }] })

  const metrics = await metricsText()
  expect(metrics).toContain(`turnpike_usage_findings_total{endpoint="${ENDPOINT}",direction="output"} 1`)
  expect(metrics).toContain('turnpike_reconciliation_findings{class="usage"} 1')
  const sinks = Object.entries({ found: JSON.stringify(found), json, metrics })
  const read = sinks.map(([name, said]) => ({ name, bytes: Buffer.from(said) }))
  expect(findIn({ sinks: read, canary })).toEqual([])
})

test('it closes itself once a window of calls agrees again', async () => {
  stack().provider.setFaults()
  await callTimes(15)
  expect(await list()).toHaveLength(1)
  await callTimes(1)
  expect(await list()).toEqual([])
  expect(await list('?state=closed')).toMatchObject([{ subject: `${ENDPOINT} output`, closed_by: 'itself' }])
})

test('input above the bound of the plan is our loss and a finding, until somebody answers for it', async () => {
  const usage = '{"prompt_tokens":70000,"completion_tokens":1,"total_tokens":70001}'
  scripted().setAnswer(({ response }) => sendStream(response, streamOf({ usage })))
  const tooMuch = () => call({ model: SCRIPTED_MODEL, stream: true })
  const { turnpike: said } = await tooMuch()
  expect(said.charge).toBe(said.ceiling)
  const [found] = await list()
  expect(found).toMatchObject({
    class: 'usage',
    subject: expect.stringMatching(/grok-3-mini@local input$/),
    ledger: expect.stringMatching(/^\d+ tokens, at most, by the bound of the plan; calls so far: 1$/),
    chain: expect.stringMatching(/^70000 tokens, \d+\.\d\d times as many$/),
  })
  await admin(`/${found?.id ?? ''}/close`, { reason: 'its system prompt is that long' })
  await tooMuch()
  expect(await list()).toEqual([])
  expect(await list('?state=closed')).toHaveLength(2)
})
