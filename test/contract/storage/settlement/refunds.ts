import { expect, test } from 'vitest'
import { ACCOUNTS } from '../../../../src/ledger/accounts.ts'
import {
  channelRefundFailed,
  channelRefundSeen,
  creditRefundFailed,
  creditRefundSeen,
  withdrawalFeeFailed,
  withdrawalFeeSeen,
} from '../../../../src/ledger/entries.ts'
import {
  captureOf,
  channelNamed,
  giveCredit,
  LEDGER,
  NETWORK,
  NOW_MS,
  openChannelWith,
  payerNamed,
  voucherAdmissionOf,
} from '../../../support/calls.ts'
import type { Books } from '../../../support/memory/open-memory-storage.ts'
import { balancesOf, money } from './money.ts'

/** What payers take back: of channels, and of credit with its fee. */
export function testRefunds(storage: () => Books): void {
  const balanceOf = balancesOf(storage)

  test('a channel is refunded when nothing is held on it, and only what is free', async () => {
    await openChannelWith(storage(), 'refund', 1000n)
    const channelId = channelNamed('refund')
    const admission = voucherAdmissionOf({ channel: 'refund', max: 100n, ceiling: 100n })
    await storage().calls.admit(admission)
    const ask = (id: string, amountAtomic?: bigint) =>
      storage().due.holdRefund({
        ...money,
        id,
        kind: 'channel',
        payer: payerNamed('refund'),
        channelId,
        atMs: NOW_MS,
        ...(amountAtomic === undefined ? {} : { amountAtomic }),
      })
    expect(await ask('r1')).toEqual({ kind: 'busy' })
    await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 70n }))
    expect(await ask('r2', 931n)).toEqual({ kind: 'nothing' })
    expect(await ask('r3')).toMatchObject({ kind: 'held', refund: { amountAtomic: 930n, state: 'held' } })
    expect(await ask('r3')).toMatchObject({ kind: 'held', refund: { amountAtomic: 930n } })
    expect(await ask('r4', 1n)).toEqual({ kind: 'busy' })
    expect((await storage().calls.getChannel({ network: NETWORK, channelId }))?.balanceAtomic).toBe(70n)
    const refund = { ...money, amountAtomic: 930n, refundId: 'r3', channelId }
    await storage().settlement.commit({
      entries: [channelRefundFailed(refund)],
      effects: [{ kind: 'refund', id: 'r3', state: 'failed', error: 'reverted' }],
    })
    expect((await storage().calls.getChannel({ network: NETWORK, channelId }))?.balanceAtomic).toBe(1000n)
    expect(await ask('r5', 500n)).toMatchObject({ kind: 'held' })
    await storage().settlement.commit({
      entries: [channelRefundSeen({ ...refund, refundId: 'r5', amountAtomic: 500n })],
      effects: [{ kind: 'channel-refunded', id: channelId, refundNonce: 1n }],
    })
    expect(await storage().calls.getChannel({ network: NETWORK, channelId })).toMatchObject({
      balanceAtomic: 500n,
      chargedAtomic: 70n,
      heldAtomic: 0n,
      refundNonce: 1n,
    })
    const listed = await storage().due.listRefunds({ network: NETWORK, states: ['failed'], limit: 10 })
    expect(listed.map(({ id }) => id)).toEqual(['r3'])
  })

  test('a withdrawal is held with its fee, and both go the same way', async () => {
    const payer = payerNamed('withdraws')
    const account = ACCOUNTS.credit(payer)
    await giveCredit(storage(), payer, 1_000n, 'withdraws-funding')
    const revenueBefore = await balanceOf(ACCOUNTS.revenue)
    const ask = (id: string, feeAtomic: bigint, amountAtomic?: bigint) =>
      storage().due.holdRefund({
        ...money,
        id,
        kind: 'credit',
        payer,
        feeAtomic,
        atMs: NOW_MS,
        ...(amountAtomic === undefined ? {} : { amountAtomic }),
      })
    expect(await ask('w0', 1n, 1_000n)).toEqual({ kind: 'nothing' })
    expect(await ask('w0', 1_000n)).toEqual({ kind: 'nothing' })
    expect(await ask('w1', 7n, 300n)).toMatchObject({ refund: { amountAtomic: 300n, feeAtomic: 7n } })
    expect(await ask('w1', 7n, 300n)).toMatchObject({ refund: { amountAtomic: 300n, feeAtomic: 7n } })
    expect(await ask('w2', 7n)).toMatchObject({ refund: { amountAtomic: 686n } })
    const available = () => storage().balances.getAvailable({ ledger: LEDGER, account })
    expect(await available()).toBe(0n)
    const event = { ...money, payer }
    const whole = { ...event, refundId: 'w1', amountAtomic: 300n }
    const fee = { ...event, refundId: 'w1', amountAtomic: 7n }
    await storage().settlement.commit({
      entries: [creditRefundSeen(whole), withdrawalFeeSeen(fee)],
      effects: [],
    })
    await storage().settlement.commit({
      entries: [
        creditRefundFailed({ ...event, refundId: 'w2', amountAtomic: 686n }),
        withdrawalFeeFailed({ ...event, refundId: 'w2', amountAtomic: 7n }),
      ],
      effects: [{ kind: 'refund', id: 'w2', state: 'failed', error: 'reverted' }],
    })
    expect(await available()).toBe(693n)
    expect(await balanceOf(ACCOUNTS.revenue)).toBe(revenueBefore - 7n)
  })
}
