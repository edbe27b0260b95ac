import { expect, test } from 'vitest'
import { ACCOUNTS } from '../../../../src/ledger/accounts.ts'
import { uptoFinal, uptoSeen } from '../../../../src/ledger/entries.ts'
import { admissionOf, captureOf, LEDGER, NETWORK, payerNamed, USDC } from '../../../support/calls.ts'
import type { Books } from '../../../support/memory/open-memory-storage.ts'
import { appendTransaction } from '../../../support/settlements.ts'
import { balancesOf, money } from './money.ts'

/** What is collected of a payer by `upto`. */
export function testUpto(storage: () => Books): void {
  const balanceOf = balancesOf(storage)

  test('an `upto` settlement is signed once and brings what the payer owes', async () => {
    const payer = { kind: 'wallet' as const, id: payerNamed('owing') }
    const authorization = {
      nonce: '1',
      permittedAtomic: '500',
      validAfter: 0,
      deadline: 1_900_000_000,
      signature: '0x01' as const,
    }
    const account = ACCOUNTS.receivable(payer.id)
    const admission = admissionOf({
      payer,
      authorization,
      scheme: 'upto',
      ceilingAtomic: 500n,
      holds: [{ ledger: LEDGER, account, amount: 500n }],
      exposureLimitAtomic: 1000n,
    })
    await storage().calls.admit(admission)
    await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 120n }))
    expect(await balanceOf(account)).toBe(120n)
    const { callId } = admission
    const purpose = { kind: 'upto', callId, asset: USDC, payer: payerNamed('owing'), amount: '120' } as const
    const effects = [{ kind: 'settlement', callId, state: 'signed' }] as const
    await appendTransaction(storage(), { id: 'upto-1', purpose, effects })
    await expect(appendTransaction(storage(), { id: 'upto-2', purpose, effects })).rejects.toThrow(
      'may not be signed',
    )
    expect(await storage().due.listDueSettlements({ network: NETWORK, limit: 10 })).toEqual([])
    expect((await storage().calls.getCall(callId))?.state).toBe('signed')
    const event = { ...money, amountAtomic: 120n, payer: payer.id, callId }
    await storage().settlement.commit({
      transaction: { id: 'upto-1', from: ['signed'], to: 'seen' },
      entries: [uptoSeen(event)],
      effects: [{ kind: 'settlement', callId, state: 'seen' }],
    })
    expect(await balanceOf(account)).toBe(0n)
    await storage().settlement.commit({
      transaction: { id: 'upto-1', from: ['seen'], to: 'final' },
      entries: [uptoFinal(event)],
      effects: [{ kind: 'settlement', callId, state: 'final' }],
    })
    expect((await storage().calls.getCall(callId))?.state).toBe('final')
  })
}
