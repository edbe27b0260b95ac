import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ACCOUNTS, tokenLedger } from '../../../src/ledger/accounts.ts'
import { uptoFailed } from '../../../src/ledger/entries.ts'
import type { Address } from '../../../src/payment/types.ts'
import type { Effect } from '../../../src/settlement/types.ts'
import { admissionOf, captureOf, giveCredit, NETWORK, payerNamed, USDC } from '../../support/calls.ts'
import { ALL_KINDS, brokenInvariants, useBooks } from './stores.ts'

const OTHER_TOKEN: Address = `0x${'ab'.repeat(20)}`

describe.each(ALL_KINDS)('payers that have let us down, on %s', (kind) => {
  const storage = useBooks(kind)

  const uptoBy = (payer: string, asset: Address = USDC) =>
    admissionOf({
      payer: { kind: 'wallet', id: payer },
      scheme: 'upto',
      asset,
      holds: [
        {
          ledger: tokenLedger({ network: NETWORK, asset }),
          account: ACCOUNTS.receivable(payer),
          amount: 100n,
        },
      ],
      ceilingAtomic: 100n,
      exposureLimitAtomic: 1_000n,
    })

  /** A call that was served, and the effect of what became of its settlement. */
  async function servedCall(payer: string): Promise<string> {
    const admission = uptoBy(payer)
    expect(await storage().calls.admit(admission)).toEqual({ kind: 'admitted' })
    await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 60n }))
    return admission.callId
  }
  const commit = (
    effect: Effect,
    entries: Parameters<ReturnType<typeof storage>['settlement']['commit']>[0]['entries'] = [],
  ) => storage().settlement.commit({ entries, effects: [effect] })

  test('who was written off once gets no credit again, in any token, known or new; what is paid in advance is served', async () => {
    const payer = payerNamed(`bad ${randomUUID()}`)
    const callId = await servedCall(payer)
    const known = uptoBy(payer, OTHER_TOKEN)
    expect(await storage().calls.admit(known)).toEqual({ kind: 'admitted' })
    await storage().calls.capture(captureOf(known.callId, { chargeAtomic: 0n }))

    const entry = uptoFailed({ callId, network: NETWORK, asset: USDC, payer, amountAtomic: 60n })
    await commit({ kind: 'settlement', callId, state: 'failed', error: 'authorization_expired' }, [entry])
    const unseen = `0x${'cd'.repeat(20)}` as const
    for (const asset of [USDC, OTHER_TOKEN, unseen]) {
      expect(await storage().calls.admit(uptoBy(payer, asset))).toEqual({ kind: 'deposits_only' })
    }
    const together = [uptoBy(payer), uptoBy(payerNamed('honest')), uptoBy(payer)]
    const outcomes = await Promise.all(together.map((admission) => storage().calls.admit(admission)))
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['deposits_only', 'admitted', 'deposits_only'])

    await giveCredit(storage(), payer, 1_000n)
    const prepaid = admissionOf({ payer: { kind: 'wallet', id: payer } })
    expect(await storage().calls.admit(prepaid)).toEqual({ kind: 'admitted' })
  })

  test('a settlement that reverted after a good simulation speaks against its payer at once', async () => {
    const payer = payerNamed(`reverted ${randomUUID()}`)
    const callId = await servedCall(payer)
    await commit({ kind: 'settlement', callId, state: 'due', error: 'reverted' })
    expect(await storage().calls.admit(uptoBy(payer))).toEqual({ kind: 'deposits_only' })
  })

  test.each(['nonce_taken', 'transfer_missing'])('%s is not the payer’s doing', async (error) => {
    const payer = payerNamed(`innocent ${randomUUID()}`)
    const callId = await servedCall(payer)
    await commit({ kind: 'settlement', callId, state: 'due', error })
    expect(await storage().calls.admit(uptoBy(payer))).toEqual({ kind: 'admitted' })
  })

  test('the invariants hold after all of this', async () => {
    expect(await brokenInvariants(storage())).toEqual([])
  })
})
