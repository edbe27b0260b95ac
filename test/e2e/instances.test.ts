import { InMemoryClientChannelStorage } from '@x402/evm/batch-settlement/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../src/app/options/options.ts'
import { chatBody, post, readAnswer } from '../support/chat.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres, type PostgresServer } from '../support/postgres.ts'
import { startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'

let postgres: PostgresServer | undefined
let stack: Stack
let second: App
let urls: readonly [string, string]

describe.skipIf(!hasPostgres)(
  `two servers on one Postgres (${hasPostgres ? 'found' : MISSING_POSTGRES})`,
  () => {
    beforeAll(async () => {
      postgres = await startPostgres()
      const place = { databaseUrl: await postgres.createDatabase() }
      stack = await startStack({ overrides: { place } })
      second = await stack.openInstance()
      urls = [stack.chatUrl, `${second.url}/v1/chat/completions`]
    })
    afterAll(async () => {
      await stack.expectCleanBooks()
      await second.close()
      await stack.close()
      await postgres?.stop()
    })

    test('ten cold calls of one client, half at each server, are all served and make one deposit', async () => {
      const payer = await stack.newPayer()
      const storage = new InMemoryClientChannelStorage()
      const { pay } = stockPayer({ stack, payer, scheme: 'batch-settlement', storage })
      const startedAtMs = performance.now()
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, index) =>
          readAnswer(await pay(urls[index % 2 === 0 ? 0 : 1], post(chatBody()))),
        ),
      )
      expect(answers).toHaveLength(10)
      const deposits = (await stack.app.listTransactions()).filter(
        ({ purpose }) => purpose.kind === 'deposit' && purpose.payer === payer.address,
      )
      expect(deposits).toHaveLength(1)
      // Nobody slept through the end of a turn that the other server had given.
      expect(performance.now() - startedAtMs).toBeLessThan(20_000)
    })
  },
)
