import { describe, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { recordFindings } from '../../../src/settlement/reconcile/record-findings.ts'
import {
  recordUsage,
  USAGE_NETWORK,
  type UsageChange,
} from '../../../src/settlement/reconcile/record-usage.ts'
import { KINDS, useStorage } from './stores.ts'

describe.each(KINDS)('findings about usage in %s', (kind) => {
  const storage = useStorage(kind)
  let subjects = 0
  const newSubject = () => `acme/writer-${(subjects += 1)}@local output`
  const found = (subject: string, atMs: number, calls = 1): UsageChange => ({
    kind: 'found',
    subject,
    ours: `${calls * 10} tokens; calls so far: ${calls}`,
    providers: `${calls * 20} tokens`,
    atMs,
  })
  const record = (change: UsageChange, nowMs = 0) => recordUsage({ store: storage().findings, change, nowMs })
  const rowsOf = async (subject: string) => {
    const { findings } = await storage().findings.listFindings({ limit: 100 })
    return findings.filter((one) => one.subject === subject)
  }

  test('a difference that goes on is one row, with the last sums and the first time', async () => {
    const subject = newSubject()
    expect(await record(found(subject, 1_000))).toBe('opened')
    expect(await record(found(subject, 2_000, 5))).toBe('touched')
    expect(await record({ ...found(subject, 2_000), subject: newSubject() })).toBe('opened')
    expect(await rowsOf(subject)).toMatchObject([
      {
        class: 'usage',
        network: USAGE_NETWORK,
        ledger: '50 tokens; calls so far: 5',
        chain: '100 tokens',
        openedAtMs: 1_000,
        seenAtMs: 2_000,
        state: 'open',
      },
    ])
  })

  test('only agreement that began after it was last seen closes it', async () => {
    const subject = newSubject()
    await record(found(subject, 1_000))
    expect(await record({ kind: 'agreed', subject, sinceMs: 1_000 }, 1_500)).toBe('nothing')
    expect(await record({ kind: 'agreed', subject, sinceMs: 1_001 }, 1_500)).toBe('closed')
    expect(await record({ kind: 'agreed', subject, sinceMs: 1_001 }, 1_500)).toBe('nothing')
    expect(await rowsOf(subject)).toMatchObject([{ closedBy: 'itself', closedAtMs: 1_500 }])
    expect(await record(found(subject, 2_000))).toBe('opened')
  })

  test('what an operator has closed is not raised again for a day', async () => {
    const subject = newSubject()
    await record(found(subject, 1_000))
    const [row] = await rowsOf(subject)
    const { findings: store } = storage()
    await store.closeFinding({ id: row?.id ?? '', by: 'operator', reason: 'accepted', atMs: 2_000 })
    const { usageAnsweredMs } = LIMITS
    expect(await record(found(subject, 2_000 + usageAnsweredMs - 1))).toBe('answered')
    expect(await rowsOf(subject)).toHaveLength(1)
    expect(await record(found(subject, 2_000 + usageAnsweredMs))).toBe('opened')
  })

  test('passes over a chain and over the invariants leave it open', async () => {
    const subject = newSubject()
    await record(found(subject, 1_000))
    const { findings: store } = storage()
    for (const network of ['eip155:84532', 'ledger']) {
      const standing = await store.listStanding({ network })
      await recordFindings({ store, standing, differences: [], graceMs: 0, atMs: 3_000 })
    }
    expect(await rowsOf(subject)).toMatchObject([{ state: 'open' }])
  })
})
