import { describe, expect, test } from 'vitest'
import { admissionOf, captureOf, giveCredit, NOW_MS, payerNamed } from '../../support/calls.ts'
import { brokenInvariants, KINDS, useStorage } from './stores.ts'

const HOUR_MS = 3_600_000

describe.each(KINDS)('on %s', (kind) => {
  const storage = useStorage(kind)
  const payer = { kind: 'wallet' as const, id: payerNamed('history') }

  async function callAt(atMs: number): Promise<void> {
    const admission = admissionOf({ payer, atMs })
    await storage().calls.admit(admission)
    await storage().calls.capture(captureOf(admission.callId, { atMs: atMs + 10 }))
  }

  test('what is old enough is hashed once, and a row that comes later is found', async () => {
    await giveCredit(storage(), payer.id, 100_000n)
    for (const hoursAgo of [9, 8.9, 6, 3, 0.5]) await callAt(NOW_MS - hoursAgo * HOUR_MS)
    const { number, hash } = await storage().ledger.extendHistory()
    // Nine hours ago and a little later are one link; the last half hour is none yet.
    expect(number).toBe(3)
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(await storage().ledger.extendHistory()).toMatchObject({ number, hash })
    expect(await brokenInvariants(storage())).toEqual([])

    await callAt(NOW_MS - 6 * HOUR_MS + 60_000)
    const broken = await brokenInvariants(storage())
    expect(broken.map(({ name }) => name)).toEqual(['history_is_unchanged'])
    expect(broken[0]?.rows.map(({ number: link }) => Number(link))).toEqual([2])
  })
})
