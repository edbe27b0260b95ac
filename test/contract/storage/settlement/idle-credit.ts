import { expect, test } from 'vitest'
import { ACCOUNTS } from '../../../../src/ledger/accounts.ts'
import { creditRefundSeen, exactFinal } from '../../../../src/ledger/entries.ts'
import { giveCredit, hex, NETWORK, NOW_MS, payerNamed, USDC } from '../../../support/calls.ts'
import type { Books } from '../../../support/memory/open-memory-storage.ts'
import { appendTransaction, depositFunding, TILL } from '../../../support/settlements.ts'
import { balancesOf, money } from './money.ts'

/** Credit that nobody uses, which goes back unasked. */
export function testIdleCredit(storage: () => Books): void {
  const balanceOf = balancesOf(storage)

  test('credit that was topped up is not idle', async () => {
    const payer = payerNamed('keeps')
    const isIdle = async () => {
      const idle = await storage().due.listIdleCredit({ network: NETWORK, limit: 100 })
      return idle.some((credit) => credit.payer === payer)
    }
    await giveCredit(storage(), payer, 500n)
    expect(await isIdle()).toBe(true)
    const { channel: _none, ...deposit } = depositFunding('keeps', { id: 'keeps-top-up' })
    const authorization = { kind: 'exact', method: 'eip3009', nonce: hex(32, 'keeps') } as const
    const times = { validAfter: 0, validBefore: 1_900_000_000, signature: '0x01' } as const
    const funding = { ...deposit, kind: 'exact', authorization: { ...authorization, ...times } } as const
    const { funding: kept } = await storage().settlement.reserveFunding({ ...funding, isTopUp: true })
    expect(kept.isTopUp).toBe(true)
    // It may still fail.
    expect(await isIdle()).toBe(true)
    const exact = { kind: 'exact', fundingId: funding.id, asset: USDC, payer, amount: '5000' } as const
    const signed = { kind: 'funding', id: funding.id, state: 'signed' } as const
    await appendTransaction(storage(), { id: 'keeps-1', purpose: exact, effects: [signed] })
    expect(await isIdle()).toBe(false)
  })

  test('unused credit is listed, held for a refund, and gone once the refund is seen', async () => {
    const payer = payerNamed('idle')
    const fundingId = 'idle-funding'
    await giveCredit(storage(), payer, 800n, fundingId)
    await storage().settlement.commit({
      entries: [exactFinal({ ...money, amountAtomic: 800n, subject: fundingId })],
      effects: [],
    })
    const listIdle = async () => {
      const idle = await storage().due.listIdleCredit({ network: NETWORK, limit: 10 })
      return idle.filter((credit) => credit.payer === payer)
    }
    expect(await listIdle()).toEqual([{ ...money, payer, availableAtomic: 800n, lastMovedAtMs: NOW_MS }])
    const held = await storage().due.holdRefund({ ...money, id: 'c1', kind: 'credit', payer, atMs: NOW_MS })
    expect(held).toMatchObject({ kind: 'held', refund: { amountAtomic: 800n } })
    expect(await listIdle()).toEqual([])
    const owed = await storage().balances.getOwedCredit(money)
    const tillBefore = await balanceOf(ACCOUNTS.till)
    // Held for the refund, and still owed until the refund is seen.
    const purpose = { kind: 'credit-refund', refundId: 'c1', asset: USDC, payer, amount: '800' } as const
    const effects = [{ kind: 'refund', id: 'c1', state: 'signed' }] as const
    await appendTransaction(storage(), { id: 'credit-refund-1', lane: TILL, purpose, effects })
    const seen = {
      transaction: { id: 'credit-refund-1', from: ['signed'], to: 'seen' },
      entries: [creditRefundSeen({ ...money, amountAtomic: 800n, refundId: 'c1', payer })],
      effects: [{ kind: 'refund', id: 'c1', state: 'seen' }],
    } as const
    expect(await storage().settlement.commit(seen)).toBe(true)
    expect(await balanceOf(ACCOUNTS.credit(payer))).toBe(0n)
    expect(await storage().balances.getOwedCredit(money)).toBe(owed - 800n)
    expect(await balanceOf(ACCOUNTS.till)).toBe(tillBefore - 800n)
  })
}
