import { expect, test } from 'vitest'
import { ACCOUNTS } from '../../../../src/ledger/accounts.ts'
import { sweepFinal } from '../../../../src/ledger/entries.ts'
import { hex, NETWORK } from '../../../support/calls.ts'
import type { Books } from '../../../support/memory/open-memory-storage.ts'
import { appendTransaction, TILL } from '../../../support/settlements.ts'
import { balancesOf, money } from './money.ts'

/** What the till signs: one nonce after the other, and one sweep of a token at a time. */
export function testTill(storage: () => Books): void {
  const balanceOf = balancesOf(storage)

  test('transactions of a lane signed at the same time have neighbouring nonces', async () => {
    const rows = await Promise.all(
      ['s1', 's2', 's3', 's4'].map((id) =>
        appendTransaction(storage(), {
          id,
          lane: TILL,
          purpose: { kind: 'sweep', asset: hex(20, id), amount: '1' },
          effects: [],
        }),
      ),
    )
    expect(rows.map(({ nonce }) => nonce).sort((a, b) => a - b)).toEqual([41, 42, 43, 44])
    const listed = await storage().settlement.listTransactions({
      network: NETWORK,
      states: ['signed'],
      limit: 10,
    })
    expect(listed.map(({ nonce }) => nonce)).toEqual([41, 42, 43, 44])
    for (const id of ['s1', 's2', 's3', 's4']) {
      await storage().settlement.commit({
        transaction: { id, from: ['signed'], to: 'final' },
        entries: [sweepFinal({ ...money, amountAtomic: 1n, transactionId: id })],
        effects: [],
      })
    }
    expect(await balanceOf(ACCOUNTS.payTo)).toBe(4n)
  })

  test('what the till has too much is swept by one transaction at a time', async () => {
    const other = hex(20, 'another token')
    const sweepIt = (id: string) => {
      const purpose = { kind: 'sweep', asset: other, amount: '7' } as const
      return appendTransaction(storage(), { id, lane: TILL, purpose, effects: [] })
    }
    await sweepIt('sweep-1')
    await expect(sweepIt('sweep-2')).rejects.toThrow('swept')
    await storage().settlement.commit({
      transaction: { id: 'sweep-1', from: ['signed'], to: 'final' },
      entries: [sweepFinal({ ...money, asset: other, amountAtomic: 7n, transactionId: 'sweep-1' })],
      effects: [],
    })
    expect((await sweepIt('sweep-2')).nonce).toBe(46)
    await storage().settlement.commit({
      transaction: { id: 'sweep-2', from: ['signed'], to: 'failed', error: 'reverted' },
      entries: [],
      effects: [],
    })
  })
}
