import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../../src/app/options/options.ts'
import { countDuring, expectSpent } from '../../support/attacked-stack.ts'
import { chatBody, readAnswer } from '../../support/chat.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres, type PostgresServer } from '../../support/postgres.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { sendPaid, signFor } from '../../support/wire-payment.ts'

let postgres: PostgresServer | undefined
let stack: Stack
let second: App
let urls: readonly [string, string]

const found = hasPostgres ? 'found' : MISSING_POSTGRES

describe.skipIf(!hasPostgres)(`two servers on one Postgres (${found})`, () => {
  beforeAll(async () => {
    postgres = await startPostgres()
    const place = { databaseUrl: await postgres.createDatabase() }
    stack = await startStack({ overrides: { place } })
    second = await stack.openInstance({ region: 'elsewhere' })
    urls = [stack.chatUrl, `${second.url}/v1/chat/completions`]
  })
  afterEach(() => stack.provider.setFaults())
  afterAll(async () => {
    await stack.expectCleanBooks()
    await second.close()
    await stack.close()
    await postgres?.stop()
  })

  test.each(['batch-settlement', 'upto', 'exact'] as const)(
    'one %s payment sent fifty times to both buys one call',
    async (scheme) => {
      const { client } = stockPayer({ stack, payer: await stack.newPayer(), scheme })
      const body = chatBody()
      const payment = await signFor({ stack, client, body })
      stack.provider.setFaults({ headersDelayMs: 300 })
      const { value, upstreamCalls, charged } = await countDuring({
        stack,
        attack: () =>
          Promise.all(
            Array.from({ length: 50 }, (_, index) =>
              sendPaid({ stack, body, payment, url: urls[index % 2 === 0 ? 0 : 1] }),
            ),
          ),
      })
      const [served, ...more] = value.filter(({ status }) => status === 200)
      expect(more).toEqual([])
      expect(upstreamCalls).toBe(1)
      for (const response of value) if (response !== served) await expectSpent(response)
      expect(charged).toBe(BigInt((await readAnswer(served as Response)).turnpike.charge))
    },
  )
})
