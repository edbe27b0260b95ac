import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ACCOUNTS, isLimited, nativeLedger, tokenLedger } from '../../../src/ledger/accounts.ts'
import { creditDelta, debitDelta, heldEntryId, resolvesHold } from '../../../src/ledger/effects.ts'
import * as entries from '../../../src/ledger/entries.ts'
import { trialBalance } from '../../../src/ledger/trial-balance.ts'
import type { Entry, Posting } from '../../../src/ledger/types.ts'

const money = { network: 'eip155:8453', asset: '0xtoken' }
const LEDGER = tokenLedger(money)

/** Every event with its own subject, as the stories would make them. */
const every = (amountAtomic: bigint): readonly Entry[] => {
  const token = { ...money, amountAtomic }
  const sent = { ...token, transactionId: 't' }
  return [
    entries.depositSeen({ ...token, subject: 'f', channelId: 'c' }),
    entries.depositFinal({ ...token, subject: 'f' }),
    entries.exactSeen({ ...token, subject: 'g', payer: 'p' }),
    entries.exactFinal({ ...token, subject: 'g' }),
    entries.uptoSeen({ ...token, callId: 'k', payer: 'p' }),
    entries.uptoFinal({ ...token, callId: 'k' }),
    entries.uptoFailed({ ...token, callId: 'k', payer: 'p' }),
    entries.claimFinal({ ...sent, subject: 't', channelId: 'c' }),
    entries.settleFinal({ ...sent, subject: 't' }),
    entries.channelRefundHeld({ ...token, refundId: 'r', channelId: 'c' }),
    entries.channelRefundSeen({ ...token, refundId: 'r', channelId: 'c' }),
    entries.channelRefundFailed({ ...token, refundId: 'r', channelId: 'c' }),
    entries.channelWithdrawn({ ...token, channelId: 'c', subject: 'log', availableAtomic: amountAtomic }),
    entries.creditRefundHeld({ ...token, refundId: 'r', payer: 'p' }),
    entries.creditRefundSeen({ ...token, refundId: 'r', payer: 'p' }),
    entries.creditRefundFailed({ ...token, refundId: 'r', payer: 'p' }),
    entries.withdrawalFeeHeld({ ...token, refundId: 'r', payer: 'p' }),
    entries.withdrawalFeeSeen({ ...token, refundId: 'r', payer: 'p' }),
    entries.withdrawalFeeFailed({ ...token, refundId: 'r', payer: 'p' }),
    entries.withdrawalFeeUndone({ ...token, refundId: 'r', payer: 'p' }),
    entries.sweepFinal(sent),
    entries.tokenFee({ ...sent, subject: 't', account: ACCOUNTS.payTo }),
    entries.gasPaid({ network: money.network, lane: 'till', transactionId: 't', amountWei: amountAtomic }),
    entries.opening({ ledger: LEDGER, account: ACCOUNTS.payTo, amount: amountAtomic }),
  ]
}

test('each event moves money between the accounts of the design', () => {
  const moves = every(7n).map(
    ({ event, postings: [posting] }) => `${event}: ${posting?.kind} ${posting?.debit} > ${posting?.credit}`,
  )
  expect(moves).toEqual([
    'deposit_seen: posted clearing:settlement > channel:c',
    'deposit_final: posted chain:channels > clearing:settlement',
    'exact_seen: posted clearing:settlement > payer:p:credit',
    'exact_final: posted chain:till > clearing:settlement',
    'upto_seen: posted clearing:settlement > receivable:p',
    'upto_final: posted chain:pay-to > clearing:settlement',
    'upto_failed: posted loss:bad-debt > receivable:p',
    'claim_final: posted clearing:settlement > chain:channels',
    'settle_final: posted chain:pay-to > clearing:settlement',
    'channel_refund_held: pending channel:c > chain:channels',
    'channel_refund_seen: posted channel:c > chain:channels',
    'channel_refund_failed: voided channel:c > chain:channels',
    'channel_withdrawn: posted channel:c > chain:channels',
    'credit_refund_held: pending payer:p:credit > chain:till',
    'credit_refund_seen: posted payer:p:credit > chain:till',
    'credit_refund_failed: voided payer:p:credit > chain:till',
    'withdrawal_fee_held: pending payer:p:credit > revenue:unsettled',
    'withdrawal_fee_seen: posted payer:p:credit > revenue:unsettled',
    'withdrawal_fee_failed: voided payer:p:credit > revenue:unsettled',
    'withdrawal_fee_undone: posted revenue:unsettled > payer:p:credit',
    'sweep_final: posted chain:pay-to > chain:till',
    'token_fee: posted expense:token-fee > chain:pay-to',
    'gas_paid: posted expense:gas > chain:till',
    'opening: posted chain:pay-to > equity:opening',
  ])
})

test('gas of the signer is paid by chain:signer in the chain’s own ledger', () => {
  const { postings } = entries.gasPaid({
    network: 'eip155:1',
    lane: 'signer',
    transactionId: 't',
    amountWei: 5n,
  })
  expect(postings).toEqual([
    {
      ledger: nativeLedger('eip155:1'),
      debit: 'expense:gas',
      credit: 'chain:signer',
      amount: 5n,
      kind: 'posted',
    },
  ])
})

test('the same event of the same subject has the same id, and every other has another', () => {
  expect(every(1n).map(({ id }) => id)).toEqual(every(2n).map(({ id }) => id))
  expect(new Set(every(1n).map(({ id }) => id)).size).toBe(every(1n).length)
})

test('a refund that was seen or failed resolves the hold of the same refund', () => {
  const resolving = every(1n).filter(({ event, postings: [posting] }) =>
    resolvesHold({ event, kind: posting?.kind ?? 'pending' }),
  )
  expect(resolving.map(({ id }) => heldEntryId(id))).toEqual([
    'channel_refund_held:r',
    'channel_refund_held:r',
    'credit_refund_held:r',
    'credit_refund_held:r',
    'withdrawal_fee_held:r',
    'withdrawal_fee_held:r',
  ])
})

test('whatever happens in whatever order, every ledger balances and no balance row differs from its postings', () => {
  const history = fc.array(fc.tuple(fc.nat(every(1n).length - 1), fc.bigInt(1n, 10n ** 30n)), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(history, (steps) => {
      const happened = steps
        .map(([index, amount]) => every(amount)[index])
        .filter((entry) => entry !== undefined)
      const postings: readonly Posting[] = happened.flatMap((entry) => entry.postings)
      const rows = trialBalance(postings)
      for (const ledger of new Set(rows.map((row) => row.ledger))) {
        const own = rows.filter((row) => row.ledger === ledger)
        expect(own.reduce((sum, row) => sum + row.balance, 0n)).toBe(0n)
      }
      const posted = new Map<string, { debits: bigint; credits: bigint }>()
      for (const { event, postings: own } of happened) {
        for (const { debit, credit, kind, amount } of own) {
          const of = (account: string) => {
            const sums = posted.get(account) ?? { debits: 0n, credits: 0n }
            posted.set(account, sums)
            return sums
          }
          if (isLimited(debit)) of(debit).debits += debitDelta({ event, kind, amount }).debitsPosted
          if (isLimited(credit)) of(credit).credits += creditDelta({ event, kind, amount }).creditsPosted
        }
      }
      for (const [account, sums] of posted) {
        const row = rows.find((candidate) => candidate.account === account)
        expect([row?.debits ?? 0n, row?.credits ?? 0n]).toEqual([sums.debits, sums.credits])
      }
    }),
  )
})

test('a refund that is held and then seen, or held and then failed, leaves nothing pending', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 30n), fc.boolean(), (amount, isSeen) => {
      const held = debitDelta({ event: 'channel_refund_held', kind: 'pending', amount })
      const end = isSeen
        ? debitDelta({ event: 'channel_refund_seen', kind: 'posted', amount })
        : debitDelta({ event: 'channel_refund_failed', kind: 'voided', amount })
      expect(held.debitsPending + end.debitsPending).toBe(0n)
      expect(held.refundsPending + end.refundsPending).toBe(0n)
      expect(end.debitsPosted).toBe(isSeen ? amount : 0n)
      expect(end.refundsPosted).toBe(isSeen ? amount : 0n)
    }),
  )
})
