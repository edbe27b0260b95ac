import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { expect } from 'vitest'
import { chatBody, post, readAnswer, readError } from './chat.ts'
import type { PostgresServer } from './postgres.ts'
import type { Stack } from './start-stack.ts'
import { stockPayer } from './stock-payer.ts'
import { waitUntil } from './wait-until.ts'
import { channelOf, offerFor, sendPaid, uptoPayment, voucherPayment } from './wire-payment.ts'

type Outage = {
  readonly goAway: (server: PostgresServer) => void | Promise<void>
  readonly comeBack: (server: PostgresServer) => void | Promise<void>
  /** Until those that were on their way have to be answered. */
  readonly noticedMs: number
}

/** How a database can be away. */
export const OUTAGES = {
  stopped: {
    goAway: (server) => server.halt(),
    comeBack: (server) => server.restart(),
    noticedMs: 4_000,
  },
  // A hang shows in the heartbeat's pace and the time that it is given.
  frozen: {
    goAway: (server) => server.freeze(),
    comeBack: (server) => server.thaw(),
    noticedMs: 6_000,
  },
} as const satisfies Record<string, Outage>

export const ask = (stack: Stack) => fetch(stack.chatUrl, post(chatBody()))

export async function expectUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(response.headers.get('payment-required')).toBeNull()
  expect((await readError(response)).code).toBe('unavailable')
}

export const untilAsked = (stack: Stack, status: number) =>
  waitUntil({
    what: `an unpaid call is answered ${status}`,
    isSo: async () => (await ask(stack)).status === status,
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

/** As long as it is away nobody is asked to pay. */
async function expectAway({
  stack,
  paid,
  outage,
  awayMs,
}: {
  stack: Stack
  paid: Awaited<ReturnType<typeof prepare>>
  outage: Outage
  awayMs: number
}): Promise<void> {
  const awayAtMs = performance.now()
  // Those that were on their way when it happened are answered within a bounded time.
  const onTheirWay = await Promise.all(paid.map((one) => sendPaid({ stack, ...one })))
  for (const response of onTheirWay) await expectUnavailable(response)
  expect(performance.now() - awayAtMs).toBeLessThan(outage.noticedMs)
  for (let round = 0; performance.now() - awayAtMs < awayMs || round < 3; round += 1) {
    await expectUnavailable(await ask(stack))
    await expectUnavailable(await fetch(stack.chatUrl))
    for (const one of paid) await expectUnavailable(await sendPaid({ stack, ...one }))
    await sleep(200)
  }
}

/** The database is away for a while: nobody is asked to pay, nothing is served, and afterwards it comes back by itself. */
export async function loseDatabase({
  stack,
  server,
  databaseUrl,
  outage,
  awayMs,
}: {
  stack: Stack
  server: PostgresServer
  databaseUrl: string
  outage: Outage
  awayMs: number
}): Promise<void> {
  const paid = await prepare(stack)
  const before = stack.provider.calls()
  await outage.goAway(server)
  try {
    await expectAway({ stack, paid, outage, awayMs })
  } finally {
    await outage.comeBack(server)
  }
  expect(stack.provider.calls()).toBe(before)
  await untilAsked(stack, 402)
  await waitUntil({
    what: 'no hold is left behind',
    isSo: async () => (await openHolds(databaseUrl)) === 0,
  })
  for (const scheme of ['batch-settlement', 'upto', 'exact'] as const) {
    const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme })
    await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  }
}
