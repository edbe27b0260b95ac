import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { giveCredit, openChannelWith, payerNamed } from '../../support/calls.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres } from '../../support/postgres.ts'

type Report = { admitted: number[]; captured: string[]; failed: string[] }

const WORKER = join(import.meta.dirname, '../../support/race-worker.ts')
const PAYMENTS = 1009

/** Starts one racing process; `begun` resolves when it is connected, `begin` lets it go, `report` resolves when it has ended. */
function race(
  databaseUrl: string,
  seed: number,
): { begun: Promise<unknown>; report: Promise<Report>; begin: () => void } {
  const child = spawn(process.execPath, [WORKER, databaseUrl, String(PAYMENTS), String(seed)])
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const begun = lines.next()
  const report = begun.then(async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(errors || 'The racing process ended without a report.')
    return JSON.parse(value) as Report
  })
  return { begun, report, begin: () => child.stdin.write('go\n') }
}

test.skipIf(!hasPostgres)(
  `processes race for the same payments while their connections are cut: every payment buys one call, limits hold, nothing acknowledged is lost (${MISSING_POSTGRES})`,
  async () => {
    const server = await startPostgres()
    try {
      const databaseUrl = await server.createDatabase()
      const storage = await openStorage({ databaseUrl, instanceId: randomUUID(), region: 'test' })
      for (let index = 0; index < 20; index += 1) {
        const name = `race ${index}`
        // Less than the demand, so that the limits are reached.
        await giveCredit(storage, payerNamed(name), 25_000n)
        await openChannelWith(storage, name, 20_000n)
      }
      const racing = [race(databaseUrl, 1), race(databaseUrl, 2)]
      await Promise.all(racing.map(({ begun }) => begun))
      for (const { begin } of racing) begin()
      for (let round = 0; round < 4; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 150))
        await server.dropSessions()
      }
      const reports = await Promise.all(racing.map(({ report }) => report))
      const admitted = reports.flatMap((report) => report.admitted)
      expect(new Set(admitted).size).toBe(admitted.length)
      expect(admitted.length).toBeGreaterThan(300)
      expect(reports.every((report) => report.admitted.length > 0)).toBe(true)
      for (const callId of reports.flatMap((report) => report.captured)) {
        expect((await storage.calls.getCall(callId))?.capture, callId).toBeDefined()
      }
      const broken = (await storage.ledger.check()).filter(({ ok }) => !ok)
      expect(broken.map(({ name, rows }) => ({ name, rows }))).toEqual([])
      expect(reports.flatMap((report) => report.failed)).toEqual([])
      await storage.close()
    } finally {
      await server.stop()
    }
  },
)
