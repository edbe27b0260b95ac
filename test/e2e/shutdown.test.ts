import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openBooks } from '../../src/app/open-books.ts'
import { chatBody, post } from '../support/chat.ts'
import { startStack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'

test('a stop in the middle of a paid stream lets the stream end and records it', async () => {
  const stack = await startStack({ environment: { TURNPIKE_SIM_TOKENS_PER_SECOND: '50' } })
  const payer = await stack.newPayer()
  const client = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  const response = await client.pay(stack.chatUrl, post(chatBody({ stream: true, max_tokens: 60 })))
  expect(response.status).toBe(200)
  await sleep(200)
  const startedAtMs = performance.now()
  const [text] = await Promise.all([response.text(), stack.app.close()])
  expect(text).toContain('data: [DONE]')
  // Sixty tokens, fifty a second; not the time that a connection is kept for another call.
  expect(performance.now() - startedAtMs).toBeLessThan(6_000)

  const books = await openBooks({ place: { dataDirectory: stack.ledgerFolder }, region: 'test' })
  const checks = await books.checkLedger()
  const rows = await books.trialBalance()
  await books.close()
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  const revenue = rows.find(({ account }) => account === 'revenue:unsettled')
  expect(revenue?.credits).toBeGreaterThan(0n)
  await stack.closeWorld()
})

test('a stop does not wait for connections on which nobody ever asked anything', async () => {
  const stack = await startStack()
  const { hostname, port } = new URL(stack.app.url)
  const silent = connect(Number(port), hostname)
  await once(silent, 'connect')
  await (await fetch(`${stack.app.url}/healthz`)).arrayBuffer()
  const startedAtMs = performance.now()
  await stack.app.close()
  expect(performance.now() - startedAtMs).toBeLessThan(5_000)
  await once(silent.resume(), 'close')
  await stack.closeWorld()
})
