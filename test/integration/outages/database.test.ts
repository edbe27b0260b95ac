import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import {
  canMount,
  hasPostgres,
  MISSING_POSTGRES,
  mountSmallDisk,
  type PostgresServer,
  startPostgres,
} from '../../support/postgres.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { channelOf, offerFor, sendPaid, uptoPayment, voucherPayment } from '../../support/wire-payment.ts'

/** How long the database is away here; the real thing may last thirty seconds, and nothing below depends on it. */
const AWAY_MS = 3_000
/** Until a hang is noticed: the heartbeat's pace and the time it is given. */
const NOTICED_MS = 4_500

const ask = (stack: Stack) => fetch(stack.chatUrl, post(chatBody()))

async function expectUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(response.headers.get('payment-required')).toBeNull()
  expect((await readError(response)).code).toBe('unavailable')
}

const untilAsked = (stack: Stack, status: number) =>
  waitUntil({
    what: `an unpaid call is answered ${status}`,
    isSo: async () => (await ask(stack)).status === status,
    timeoutMs: 15_000,
  })

/** Admitted and neither captured nor released. */
async function openHolds(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows } = await client.query<{ count: string }>(
    'select count(*) from admissions a where not exists (select 1 from captures c where c.call_id = a.call_id)',
  )
  await client.end()
  return Number(rows[0]?.count)
}

/** Payments of both kinds that need no chain, made before the database goes away. */
async function prepare(stack: Stack) {
  const payer = await stack.newPayer()
  const { pay } = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  const voucherBody = chatBody()
  const channelOffer = await offerFor({ stack, body: voucherBody, scheme: 'batch-settlement' })
  expect(channelOf({ offer: channelOffer, payer }).channelId).toMatch(/^0x/)
  const uptoBody = chatBody()
  const uptoOffer = await offerFor({ stack, body: uptoBody, scheme: 'upto' })
  return [
    { body: voucherBody, payment: voucherPayment({ offer: channelOffer, payer, maxAtomic: 900_000n }) },
    { body: uptoBody, payment: uptoPayment({ offer: uptoOffer, payer }) },
  ]
}

describe.skipIf(!hasPostgres)(`the database goes away (${hasPostgres ? 'found' : MISSING_POSTGRES})`, () => {
  let server: PostgresServer
  let stack: Stack
  let databaseUrl: string
  beforeAll(async () => {
    server = await startPostgres()
    databaseUrl = await server.createDatabase()
    stack = await startStack({
      overrides: { place: { databaseUrl }, sweepMs: 300 },
    })
  })
  afterEach(() => stack.expectCleanBooks())
  afterAll(async () => {
    await stack?.close()
    await server?.stop()
  })

  test.each([
    ['stopped', async () => server.halt(), async () => server.restart(), 2_500, 30_000],
    ['frozen', async () => server.freeze(), async () => server.thaw(), NOTICED_MS, AWAY_MS],
  ] as const)(
    '%s: nobody is asked to pay, nothing is served, and it comes back by itself',
    async (_how, goAway, comeBack, noticedMs, awayMs) => {
      const paid = await prepare(stack)
      const before = stack.provider.calls()
      await goAway()
      const awayAtMs = performance.now()
      // Those that were on their way when it happened are answered within a bounded time.
      const onTheirWay = await Promise.all(paid.map((one) => sendPaid({ stack, ...one })))
      for (const response of onTheirWay) await expectUnavailable(response)
      expect(performance.now() - awayAtMs).toBeLessThan(noticedMs + 1_500)
      for (let round = 0; performance.now() - awayAtMs < awayMs || round < 3; round += 1) {
        await expectUnavailable(await ask(stack))
        await expectUnavailable(await fetch(stack.chatUrl))
        for (const one of paid) await expectUnavailable(await sendPaid({ stack, ...one }))
        await sleep(200)
      }
      expect(stack.provider.calls()).toBe(before)

      await comeBack()
      await untilAsked(stack, 402)
      await waitUntil({
        what: 'no hold is left behind',
        isSo: async () => (await openHolds(databaseUrl)) === 0,
      })
      for (const scheme of ['batch-settlement', 'upto', 'exact'] as const) {
        const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme })
        await readAnswer(await pay(stack.chatUrl, post(chatBody())))
      }
    },
  )

  test('a call whose answer is under way when it stops is recorded when it is back, and charged once', async () => {
    const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
    await readAnswer(await pay(stack.chatUrl, post(chatBody())))
    stack.provider.setFaults({ headersDelayMs: 700 })
    const running = pay(stack.chatUrl, post(chatBody())).then(readAnswer)
    await sleep(400)
    await server.halt()
    stack.provider.setFaults()
    await sleep(2_000)
    await server.restart()
    const { turnpike } = await running
    expect(BigInt(turnpike.charge)).toBeGreaterThan(0n)
  })
})

describe.skipIf(!canMount)('the disk is full (needs mount)', () => {
  test.skipIf(!hasPostgres)('of a Postgres server', async () => {
    const server = await startPostgres({ megabytes: 160 })
    const stack = await startStack({
      overrides: { place: { databaseUrl: await server.createDatabase() }, sweepMs: 60_000 },
    })
    try {
      await fillAndClear({ stack, directory: server.directory })
    } finally {
      await stack.close()
      await server.stop()
    }
  })

  test('of the embedded database', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'turnpike-full-'))
    const disk = mountSmallDisk({ directory, megabytes: 160 })
    const stack = await startStack({
      overrides: { place: { dataDirectory: join(directory, 'ledger') }, sweepMs: 60_000 },
    })
    try {
      await fillAndClear({ stack, directory })
    } finally {
      await stack.close()
      disk.release()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

/** Calls are refused with 503, none is served unrecorded, and the books are clean when there is room again. */
async function fillAndClear({ stack, directory }: { stack: Stack; directory: string }): Promise<void> {
  const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  const filler = join(directory, 'filler')
  const { bavail, bsize } = statfsSync(directory)
  writeFileSync(filler, Buffer.alloc(bavail * bsize))
  let served = 0
  let refused: Response | undefined
  const before = stack.provider.calls()
  // Rows find room on pages that are there already, until one has to be added.
  for (let call = 0; call < 400 && !refused; call += 1) {
    const response = await pay(stack.chatUrl, post(chatBody()))
    if (response.status === 200) served += 1
    else refused = response
    await response.clone().arrayBuffer()
  }
  if (!refused) throw new Error('The disk was never full.')
  await expectUnavailable(refused)
  await expectUnavailable(await ask(stack))
  expect(stack.provider.calls()).toBe(before + served)
  rmSync(filler)
  await untilAsked(stack, 402)
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  await stack.expectCleanBooks()
}
