import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chargeFor, chatBody, FEE_PICO_USD, post, readAnswer } from '../support/chat.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres, type PostgresServer } from '../support/postgres.ts'
import { hasRedis, MISSING_REDIS, startRedis, type RedisServer } from '../support/redis.ts'
import { startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'
import { waitUntil } from '../support/wait-until.ts'

/** A minute: what settles earlier was woken. */
const QUIET_MS = 60_000

const servers: { postgres?: PostgresServer; redis?: RedisServer } = {}
let stack: Stack

/** One call over `upto`. @returns its id and when it was answered. */
async function callUpto(on: Stack): Promise<{ callId: string; atMs: number }> {
  const { pay } = stockPayer({ stack: on, payer: await on.newPayer(), scheme: 'upto' })
  const { callId } = await readAnswer(await pay(on.chatUrl, post(chatBody())))
  return { callId, atMs: performance.now() }
}

/** The money of a call has moved on the chain, whatever the server has noticed of it. */
async function isOnChain(on: Stack, callId: string): Promise<boolean> {
  const transactions = await on.app.listTransactions()
  const sent = transactions.find(({ purpose }) => purpose.kind === 'upto' && purpose.callId === callId)
  if (!sent) return false
  const ask = { jsonrpc: '2.0', id: 1, method: 'eth_getTransactionReceipt', params: [sent.hash] }
  const response = await fetch(on.rpcUrl, post(JSON.stringify(ask)))
  const { result } = (await response.json()) as { result: { status: string } | null }
  return result?.status === '0x1'
}

describe.skipIf(!hasPostgres)(`on a Postgres server (${hasPostgres ? 'found' : MISSING_POSTGRES})`, () => {
  let databaseUrl: string

  beforeAll(async () => {
    servers.postgres = await startPostgres()
    databaseUrl = await servers.postgres.createDatabase()
    if (hasRedis) servers.redis = await startRedis()
    const redisUrl = servers.redis ? { redisUrl: servers.redis.url } : {}
    stack = await startStack({
      overrides: { place: { databaseUrl }, sweepMs: QUIET_MS, ...redisUrl },
    })
  })
  afterAll(async () => {
    await stack?.close()
    await servers.redis?.stop()
    await servers.postgres?.stop()
  })

  test.each(['batch-settlement', 'upto', 'exact'] as const)(
    'a %s call is served and charged',
    async (scheme) => {
      const { pay, statuses } = stockPayer({ stack, payer: await stack.newPayer(), scheme })
      const feePicoUsd = scheme === 'batch-settlement' ? 0n : FEE_PICO_USD
      for (const stream of [true, false]) {
        const answer = await readAnswer(await pay(stack.chatUrl, post(chatBody({ stream }))))
        expect(answer.turnpike.charge).toBe(chargeFor({ usage: answer.usage, feePicoUsd }).toString())
      }
      // A stock client does not read the receipt of a stream: on a channel it asks once more.
      expect(statuses()).toEqual(
        scheme === 'batch-settlement' ? [402, 200, 402, 402, 200] : [402, 200, 402, 200],
      )
    },
  )

  test('charged and held stay within the highest voucher and the balance while calls race on one channel', async () => {
    const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
    const reader = new Client({ connectionString: databaseUrl })
    await reader.connect()
    stack.provider.setFaults({ headersDelayMs: 300 })
    const done = new AbortController()
    let looks = 0
    let mostHeld = 0n
    const watch = async () => {
      while (!done.signal.aborted) {
        const { rows } = await reader.query<Record<string, string>>(CHANNELS)
        for (const row of rows) {
          const [charged, held, highest, balance, claimed] = [
            'charged',
            'held',
            'highest',
            'balance',
            'claimed',
          ].map((name) => BigInt(row[name] ?? 0)) as [bigint, bigint, bigint, bigint, bigint]
          expect(charged + held, 'I1').toBeLessThanOrEqual(highest)
          expect(charged + held, 'I2').toBeLessThanOrEqual(balance)
          expect(claimed, 'I3').toBeLessThanOrEqual(charged)
          if (held > mostHeld) mostHeld = held
        }
        looks += 1
      }
    }
    try {
      const calls = Array.from({ length: 10 }, async () =>
        readAnswer(await pay(stack.chatUrl, post(chatBody()))),
      )
      const [answers] = await Promise.all([Promise.all(calls).finally(() => done.abort()), watch()])
      expect(answers).toHaveLength(10)
      // It was looked at while several calls were held, or the watching proved nothing.
      expect(looks).toBeGreaterThan(10)
      expect(mostHeld).toBeGreaterThan(BigInt(answers[0]?.turnpike.ceiling ?? 0))
    } finally {
      stack.provider.setFaults()
      await reader.end()
    }
  })

  test('the ledger keeps its invariants and equals the chain', async () => {
    const { channels, transfers } = await stack.expectCleanBooks()
    expect(channels).toBe(2)
    expect(transfers).toBeGreaterThanOrEqual(7)
  })

  test.skipIf(!hasRedis)(
    `with Redis a finished upto call is settled at once, long before the timer (${hasRedis ? 'found' : MISSING_REDIS})`,
    async () => {
      const { callId, atMs } = await callUpto(stack)
      await waitUntil({ what: 'the call is settled', isSo: () => isOnChain(stack, callId) })
      expect(performance.now() - atMs).toBeLessThan(2_000)
    },
  )
})

describe.skipIf(!hasRedis)(`with Redis (${hasRedis ? 'found' : MISSING_REDIS})`, () => {
  test('when Redis freezes and then dies the timer settles what it would have woken for, and calls go on', async () => {
    const redis = await startRedis()
    const own = await startStack({ overrides: { redisUrl: redis.url, sweepMs: 500 } })
    const settle = async (what: string) => {
      const { callId } = await callUpto(own)
      await waitUntil({ what: `the call ${what} is settled`, isSo: () => isOnChain(own, callId) })
    }
    try {
      await settle('beside a good Redis')
      redis.freeze()
      await settle('beside a frozen Redis')
      await redis.kill()
      await settle('without Redis')
      await own.expectCleanBooks()
    } finally {
      await redis.kill()
      await own.close()
      await redis.stop()
    }
  })
})

/** Every channel as the admission rule sees it, read beside the server and not through it. */
const CHANNELS = `
  select b.voucher_max as highest, b.claimed,
    b.debits_posted - b.refunds_posted as charged,
    b.debits_pending - b.refunds_pending as held,
    b.credits_posted - b.refunds_posted - b.refunds_pending as balance
  from balances b where b.kind = 'channel'`
