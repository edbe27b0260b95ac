import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { admissionOf, captureOf, giveCredit, payerNamed } from '../../support/calls.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'turnpike-folder-'))
const dataDirectory = join(folder, 'data')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const open = () => openStorage({ dataDirectory, instanceId: randomUUID(), region: 'local' })

test('a data folder has one process at a time, keeps its calls, and its lock dies with its process', async () => {
  await fillLedgerFolder(dataDirectory)
  const storage = await open()
  await expect(open()).rejects.toThrow(
    `is in use by process ${process.pid}. Stop it, or choose another folder.`,
  )
  const payer = { kind: 'wallet' as const, id: payerNamed('folder') }
  await giveCredit(storage, payer.id, 1000n)
  const admission = admissionOf({ payer })
  await storage.calls.admit(admission)
  await storage.calls.capture(captureOf(admission.callId))
  await storage.close()
  expect(existsSync(`${dataDirectory}.lock`)).toBe(false)
  const ended = spawn('true')
  await new Promise((resolve) => ended.once('exit', resolve))
  writeFileSync(`${dataDirectory}.lock`, `${ended.pid}\n`)
  const again = await open()
  expect((await again.calls.getCall(admission.callId))?.capture?.chargeAtomic).toBe(300n)
  await again.close()
})
