import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { admissionOf, giveCredit, payerNamed } from '../../support/calls.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'
import { ask, expectUnavailable, loseDatabase, OUTAGES, untilAsked } from '../../support/lose-database.ts'
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

/** The long form of the harness has real outages of thirty seconds (`npm run harness -- outages`); nothing depends on how long it is. */
const AWAY_MS = 3_000

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

  test.each(Object.entries(OUTAGES))(
    '%s: nobody is asked to pay, nothing is served, and it comes back by itself',
    (_how, outage) => loseDatabase({ stack, server, databaseUrl, outage, awayMs: AWAY_MS }),
  )

  test('a statement that is begun while it hangs is not taken for a sign of life', async () => {
    const storage = await openStorage({ databaseUrl, instanceId: randomUUID(), region: 'test' })
    const payer = { kind: 'wallet' as const, id: payerNamed('hang') }
    await giveCredit(storage, payer.id, 10_000n)
    const admit = () => storage.calls.admit(admissionOf({ payer }))
    // So that the connection of the hot statements is open.
    expect((await admit()).kind).toBe('admitted')
    server.freeze()
    // What shows a hang is the heartbeat that does not come.
    void storage.instances.heartbeat().catch(() => undefined)
    try {
      await waitUntil({ what: 'the hang is seen', isSo: storage.isAway })
      const admitted = admit().catch(() => 'given up')
      await sleep(300)
      expect(storage.isAway()).toBe(true)
      server.thaw()
      await admitted
      await waitUntil({ what: 'its end is seen', isSo: () => !storage.isAway() })
    } finally {
      server.thaw()
      await storage.close()
    }
  })

  test('a call whose answer is under way when it stops is recorded when it is back, and charged once', async () => {
    const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
    await readAnswer(await pay(stack.chatUrl, post(chatBody())))
    stack.provider.setFaults({ headersDelayMs: 1_500 })
    const running = pay(stack.chatUrl, post(chatBody())).then(readAnswer)
    await waitUntil({ what: 'the call is at the provider', isSo: () => stack.provider.running() > 0 })
    await server.halt()
    stack.provider.setFaults()
    await sleep(2_000)
    await server.restart()
    const { turnpike } = await running
    expect(BigInt(turnpike.charge)).toBeGreaterThan(0n)
  })
})

// Side by side: a full disk is believed for some seconds, in which there is little to do.
describe.skipIf(!canMount)('the disk is full (needs mount)', { concurrent: true }, () => {
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
    await fillLedgerFolder(join(directory, 'ledger'))
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
  try {
    writeFileSync(filler, Buffer.alloc(bavail * bsize))
  } catch (error) {
    // The database has taken some of the room meanwhile: so much the fuller.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
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
