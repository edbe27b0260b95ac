import { describe, expect, test } from 'vitest'
import { channelRefundSeen } from '../../../src/ledger/entries.ts'
import { trialBalance } from '../../../src/ledger/trial-balance.ts'
import type { Storage } from '../../../src/storage/open-storage.ts'
import { channelNamed } from '../../support/calls.ts'
import { testChannels } from './settlement/channels.ts'
import { testFundings } from './settlement/fundings.ts'
import { testIdleCredit } from './settlement/idle-credit.ts'
import { money } from './settlement/money.ts'
import { testRefunds } from './settlement/refunds.ts'
import { testTill } from './settlement/till.ts'
import { testUpto } from './settlement/upto.ts'
import { ALL_KINDS, brokenInvariants, useBooks } from './stores.ts'

describe.each(ALL_KINDS)('settlement on %s', (kind) => {
  const storage = useBooks(kind)

  // One ledger for all of it, in this order: what comes later finds what was before.
  testFundings(storage)
  testTill(storage)
  testChannels(storage)
  testUpto(storage)
  testRefunds(storage)
  testIdleCredit(storage)

  test('a commit that breaks a limit is rolled back whole', async () => {
    const channelId = channelNamed('refund')
    const refund = { ...money, amountAtomic: 10_000n, refundId: 'never-held', channelId }
    await expect(
      storage().settlement.commit({ entries: [channelRefundSeen(refund)], effects: [] }),
    ).rejects.toThrow('balances')
    const entries = await storage().ledger.listEntries({ limit: 100 })
    expect(entries.map(({ id }) => id)).not.toContain('channel_refund_seen:never-held')
  })

  test('facts about the ledger are kept by key', async () => {
    expect(await storage().meta.get('genesis')).toBeUndefined()
    await storage().meta.set('genesis', { hash: '0x01' })
    await storage().meta.set('genesis', { hash: '0x02' })
    expect(await storage().meta.get('genesis')).toEqual({ hash: '0x02' })
  })

  test.skipIf(kind === 'memory')(
    'operators see calls, transactions, entries and accounts, page by page',
    async () => {
      const { admin, ledger } = storage() as Storage
      const all = await admin.listCalls({ limit: 100 })
      const [newest] = all
      const rest = await admin.listCalls({ limit: 100, after: newest?.callId ?? '' })
      expect([newest, ...rest]).toEqual(all)
      const transactions = await admin.listTransactions({ limit: 2 })
      const more = await admin.listTransactions({ limit: 100, after: transactions[1]?.id ?? '' })
      expect(new Set([...transactions, ...more].map(({ id }) => id)).size).toBe(13)
      const [account] = await ledger.listAccounts({ limit: 1 })
      const next = await ledger.listAccounts({
        limit: 1,
        after: `${account?.ledger} ${account?.account}`,
      })
      expect(next[0]?.account).not.toBe(account?.account)
    },
  )

  test('after all of this every invariant holds, and SQL and the pure trial balance agree', async () => {
    expect(await brokenInvariants(storage())).toEqual([])
    expect(await storage().ledger.trialBalance()).toEqual(trialBalance(await storage().ledger.listPostings()))
  })
})
