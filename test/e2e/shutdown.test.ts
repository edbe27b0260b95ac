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
  const [text] = await Promise.all([response.text(), stack.app.close()])
  expect(text).toContain('data: [DONE]')

  const books = await openBooks({ place: { dataDirectory: stack.ledgerFolder }, region: 'test' })
  const checks = await books.checkLedger()
  const rows = await books.trialBalance()
  await books.close()
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  const revenue = rows.find(({ account }) => account === 'revenue:unsettled')
  expect(revenue?.credits).toBeGreaterThan(0n)
  await stack.closeWorld()
})
