import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { recoverCalls } from '../../../src/call/serve/recover.ts'
import { amountOf } from '../../../src/governance/budgets/types.ts'
import { openStorage, type Storage } from '../../../src/storage/open-storage.ts'
import { KILL_AMOUNTS, KILL_BUDGETS } from '../../support/budgets.ts'
import { giveCredit, payerNamed } from '../../support/calls.ts'
import { hasPostgres, MISSING_POSTGRES, startPostgres } from '../../support/postgres.ts'

const WORKER = join(import.meta.dirname, '../../support/budget-worker.ts')
const LATER_MS = 3_600_000
/** Captures of each process before it is killed: two of them, and more where none has had anything under way. */
const KILLED_AFTER = [60, 133, 71, 97, 149, 83]

/** Runs a process over the budgets, and kills it after so many captures; what it was told until then. */
async function runAndKill(databaseUrl: string, captures: number): Promise<ReadonlyMap<string, string>> {
  const child = spawn(process.execPath, [WORKER, databaseUrl, randomUUID()])
  let errors = ''
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const told = new Map<string, string>()
  const exited = once(child, 'exit')
  let captured = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [word = '', callId] = line.split(' ')
    if (callId !== undefined) told.set(callId, word)
    if (word === 'captured' && ++captured === captures) child.kill('SIGKILL')
  }
  const [, signal] = (await exited) as [number | null, string | null]
  if (signal !== 'SIGKILL') throw new Error(errors || `The process ended by itself, with ${signal}.`)
  return told
}

const openCalls = (storage: Storage) =>
  storage.calls.listAbandoned({ nowMs: Date.now() + LATER_MS, limit: 1_000 })

/** What the server still has of the killed process's statements has ended when two looks in a row are the same. */
async function untilQuiet(storage: Storage): Promise<readonly unknown[]> {
  for (let before = -1; ;) {
    const open = await openCalls(storage)
    if (open.length === before) return open
    before = open.length
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const brokenIn = async (storage: Storage) =>
  (await storage.ledger.check()).filter(({ ok }) => !ok).map(({ name, rows }) => ({ name, rows }))

test.skipIf(!hasPostgres)(
  `a process that is killed among calls leaves held what is open, passes no limit, and recovery lets all of it go (${MISSING_POSTGRES})`,
  async () => {
    const server = await startPostgres()
    try {
      const databaseUrl = await server.createDatabase()
      const storage = await openStorage({ databaseUrl, instanceId: randomUUID(), region: 'test' })
      await giveCredit(storage, payerNamed('killed'), 10n ** 20n)
      const lengths: number[] = []
      for (const captures of KILLED_AFTER) {
        if (lengths.length >= 2 && Math.max(...lengths) > 0) break
        const told = await runAndKill(databaseUrl, captures)
        const open = await untilQuiet(storage)
        lengths.push(open.length)
        const scopes = await storage.budgets.listScopes(KILL_BUDGETS)
        for (const { metric, spent, held, limit } of scopes) {
          expect(held).toBe(BigInt(open.length) * amountOf({ amounts: KILL_AMOUNTS, metric }))
          expect(spent + held).toBeLessThanOrEqual(limit)
        }
        for (const [callId, word] of told) {
          const call = await storage.calls.getCall(callId)
          expect(call, callId).toBeDefined()
          if (word === 'captured') expect(call?.capture, callId).toBeDefined()
        }
        expect(await brokenIn(storage)).toEqual([])

        const nowMs = Date.now() + LATER_MS
        const released = await recoverCalls({ store: storage.calls, nowMs })
        expect(released).toBe(open.length)
        expect(await recoverCalls({ store: storage.calls, nowMs })).toBe(0)
        const after = await storage.budgets.listScopes(KILL_BUDGETS)
        expect(after.map(({ held }) => held)).toEqual([0n, 0n, 0n, 0n])
        // What is let go counts nowhere.
        expect(after.map(({ spent }) => spent)).toEqual(scopes.map(({ spent }) => spent))
        expect(await brokenIn(storage)).toEqual([])
      }
      // A kill that finds nothing under way would show nothing.
      expect(Math.max(...lengths)).toBeGreaterThan(0)
      await storage.close()
    } finally {
      await server.stop()
    }
  },
  60_000,
)
