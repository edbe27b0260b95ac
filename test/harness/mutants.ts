import type { Edit } from './mutant-hooks.ts'

/**
 * A known bug, planted while its file is loaded. A harness that does not catch it would not catch a stranger's either.
 * Each names what it attacks: an invariant of the ledger, or a gap of the state machine (docs/PAYMENTS.md).
 */
export type Mutant = {
  readonly name: string
  readonly guards: string
  /** The cheapest harness that sees it: histories in memory, or the embedded database beside the ledger in memory. */
  readonly harness: 'simulation' | 'twin-stores'
  readonly edits: readonly Edit[]
}

const one = (file: string, from: string, to: string): readonly Edit[] => [{ file, from, to }]

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'the call, not the payment, is claimed',
    guards: 'gap before W1; payments_are_used_once',
    harness: 'simulation',
    edits: one(
      'src/call/admission.ts',
      'paymentKey: paymentKey(payment),',
      'paymentKey: new TextEncoder().encode(planned.callId),',
    ),
  },
  {
    name: 'a used payment is served once more',
    guards: 'gap before W1',
    harness: 'simulation',
    edits: one(
      'src/call/admit-upto.ts',
      "if (outcome.kind === 'admitted')",
      "if (outcome.kind === 'admitted' || outcome.kind === 'duplicate')",
    ),
  },
  {
    name: 'one proof buys several calls on credit',
    guards: 'gap before W1',
    harness: 'simulation',
    edits: one(
      'src/call/admit-credit.ts',
      "if (outcome.kind === 'admitted')",
      "if (outcome.kind === 'admitted' || outcome.kind === 'duplicate')",
    ),
  },
  {
    name: 'the fee of a withdrawal stays held',
    guards: 'holds_resolve_once',
    harness: 'simulation',
    edits: one(
      'src/settlement/consequences.ts',
      'entries: [creditRefundSeen(event), ...feeEntry(withdrawalFeeSeen)],',
      'entries: [creditRefundSeen(event)],',
    ),
  },
  {
    name: 'a reservation without bytes is forgotten',
    guards: 'gap F1-F2',
    harness: 'simulation',
    edits: one('src/settlement/sweep.ts', "['fund', () => resumeFundings(pass)],", ''),
  },
  {
    name: 'a funding whose result is unknown is called failed',
    guards: 'gap F2-F3',
    harness: 'simulation',
    edits: one(
      'src/settlement/fund.ts',
      "catch((): FundOutcome => ({ kind: 'pending' }))",
      "catch((): FundOutcome => ({ kind: 'failed', reason: 'unknown' }))",
    ),
  },
  {
    name: 'a payment that is here already is asked for again',
    guards: 'gap F3-W1',
    harness: 'simulation',
    edits: one(
      'src/settlement/fund.ts',
      'const known = await knownFunding({ funding, dependencies })',
      "const known = { kind: 'failed', reason: 'nonce_used' } as FundOutcome",
    ),
  },
  {
    name: 'a deposit counts when it is sent',
    guards: 'gap F3-W1',
    harness: 'simulation',
    edits: one(
      'src/settlement/fund.ts',
      "if (sent.kind === 'sent') return { kind: 'pending', transaction: sent.transaction.hash }",
      "if (sent.kind === 'sent') return { kind: 'funded', transaction: sent.transaction.hash }",
    ),
  },
  {
    name: 'a success counts without its Transfer log',
    guards: 'gap broadcast-W5',
    harness: 'simulation',
    edits: one(
      'src/settlement/judge-receipt.ts',
      "arrivedAtomic > 0n && (purpose.kind === 'deposit' ? arrivedAtomic : leftAtomic) === amount",
      'arrivedAtomic >= 0n || purpose.amount === String(amount + leftAtomic)',
    ),
  },
  {
    name: 'calls of a dead process are never released',
    guards: 'gap W1-W2; calls_end',
    harness: 'simulation',
    edits: one(
      'src/call/recover.ts',
      'await eachRow(abandoned, (call) => store.capture(releaseOf({ call, nowMs })))',
      'await eachRow(abandoned, async (call) => releaseOf({ call, nowMs }))',
    ),
  },
  {
    name: 'a call that a crash cut short is charged in full',
    guards: 'gap W2-W3',
    harness: 'simulation',
    edits: one(
      'src/call/recover.ts',
      '    chargeAtomic: 0n,\n',
      '    chargeAtomic: admission.ceilingAtomic,\n',
    ),
  },
  {
    name: 'settlements are only made when woken for them',
    guards: 'gap W3-W4',
    harness: 'simulation',
    edits: one('src/settlement/sweep.ts', "['upto', () => collectUpto(pass)],", ''),
  },
  {
    name: 'bytes leave before they are stored',
    guards: 'gap inside W4',
    harness: 'simulation',
    edits: one(
      'src/settlement/send.ts',
      'sign: (nonce) => sender.sign({ lane, nonce, prepared }),',
      `sign: async (nonce) => {
        const signed = await sender.sign({ lane, nonce, prepared })
        await sender.broadcast(signed.raw)
        return signed
      },`,
    ),
  },
  {
    name: 'what the chain has lost is not sent again',
    guards: 'gap W4-broadcast',
    harness: 'simulation',
    edits: [
      {
        file: 'src/settlement/resend.ts',
        from: 'const word = await sender.broadcast(raw)',
        to: "const word: string = raw === '0x' ? 'underpriced' : 'sent'",
      },
      {
        file: 'src/settlement/resend.ts',
        from: 'const isStale = dependencies.clock.nowMs() - signedAtMs >= LIMITS.replaceAfterMs',
        to: 'const isStale = signedAtMs < 0',
      },
    ],
  },
  {
    name: 'only the newest transactions are looked at',
    guards: 'gap broadcast-W5',
    harness: 'simulation',
    edits: one(
      'src/settlement/sweep.ts',
      'dependencies.store.listTransactions({ network, states, limit: PASS })',
      'dependencies.store.listTransactions({ network, states, limit: PASS }).then((rows) => rows.slice(-1))',
    ),
  },
  {
    name: 'a settlement is written off at the first refusal',
    guards: 'gap broadcast-W5',
    harness: 'simulation',
    edits: one('src/settlement/collect.ts', 'if (remainingMs({ settlement, dependencies }) > 0) return', ''),
  },
  {
    name: 'a settlement is written off when the chain cannot be asked',
    guards: 'gap W3-W4',
    harness: 'simulation',
    edits: [
      {
        file: 'src/settlement/collect.ts',
        from: "if (outcome.kind === 'refused')\n      await writeOffExpired",
        to: "if (outcome.kind !== 'sent')\n      await writeOffExpired",
      },
      {
        file: 'src/settlement/collect.ts',
        from: 'if (remainingMs({ settlement, dependencies }) > 0) return',
        to: '',
      },
    ],
  },
  {
    name: 'final at the first block',
    guards: 'gap W5-W6',
    harness: 'simulation',
    edits: one(
      'src/settlement/confirm.ts',
      'const isDeep = mined.receipt.blockNumber <= finalBlock',
      'const isDeep = mined.receipt.blockNumber >= 0n',
    ),
  },
  {
    name: 'a reorganisation is not noticed',
    guards: 'gap W5-W6',
    harness: 'simulation',
    edits: one(
      'src/settlement/confirm.ts',
      'if (number < (transaction.blockNumber ?? 0n)) return transaction.state',
      'if (number >= 0n) return transaction.state',
    ),
  },
  {
    name: 'the fee is forgotten in the charge',
    guards: 'charges_are_bounded',
    harness: 'simulation',
    edits: one(
      'src/pricing/charge.ts',
      'addMargin({ costPicoUsd, marginBps }) + feePicoUsd',
      'addMargin({ costPicoUsd, marginBps })',
    ),
  },
  {
    name: 'a claim takes what was signed for, not what was charged',
    guards: 'channels_are_covered',
    harness: 'simulation',
    edits: one(
      'src/settlement/collect.ts',
      'totalClaimedAtomic: channel.chargedAtomic,',
      'totalClaimedAtomic: channel.highest.maxAtomic,',
    ),
  },
  {
    name: 'a settle counts what was asked, not what arrived',
    guards: 'ledger equals chain',
    harness: 'simulation',
    edits: one(
      'src/settlement/judge-receipt.ts',
      "const amount = purpose.kind === 'settle' ? moved.leftAtomic : BigInt(purpose.amount)",
      'const amount = BigInt(purpose.amount)',
    ),
  },
  {
    name: 'gas of failed transactions is not booked',
    guards: 'ledger equals chain',
    harness: 'simulation',
    edits: one('src/settlement/record-step.ts', 'more: gasOf({ transaction, ...mined })', 'more: []'),
  },
  {
    name: 'a claim that somebody else submits is not booked',
    guards: 'gap broadcast-W5; ledger equals chain',
    harness: 'simulation',
    edits: one(
      'src/settlement/moved-by-others.ts',
      'if (channels.length === 0 && !isRefund && !isSettle) return NO_OTHERS',
      'if (!isRefund && !isSettle) return NO_OTHERS',
    ),
  },
  {
    name: 'what a token takes of a payment is forgotten',
    guards: 'ledger equals chain',
    harness: 'simulation',
    edits: one(
      'src/settlement/record-step.ts',
      'if (feeAtomic === 0n) return []',
      'if (feeAtomic >= 0n) return []',
    ),
  },
  {
    name: 'what was written off stays charged',
    guards: 'channels_are_covered; balances_equal_postings',
    harness: 'simulation',
    edits: one(
      'src/ledger/effects.ts',
      'refundsPosted: WRITE_OFFS.has(event) ? posted : 0n',
      'refundsPosted: 0n',
    ),
  },
  {
    name: 'a settlement does not clear',
    guards: 'clearing_clears',
    harness: 'simulation',
    edits: one(
      'src/ledger/entries.ts',
      "const move = { debit: ACCOUNTS.payTo, credit: ACCOUNTS.clearing }\n  return tokenEntry('upto_final'",
      "const move = { debit: ACCOUNTS.payTo, credit: ACCOUNTS.badDebt }\n  return tokenEntry('upto_final'",
    ),
  },
  {
    name: 'a voided call keeps its hold',
    guards: 'balances_equal_postings',
    harness: 'twin-stores',
    edits: one(
      'src/storage/hot/capture-group.ts',
      'debits_pending = b.debits_pending - d.held,',
      'debits_pending = b.debits_pending - d.posted,',
    ),
  },
  {
    name: 'a capture above its hold',
    guards: 'charges_are_bounded',
    harness: 'twin-stores',
    edits: one(
      'src/storage/hot/capture-group.ts',
      'least(i.charge, a.ceiling) as bound,',
      'i.charge as bound,',
    ),
  },
  {
    name: 'no settlement is left for a charge',
    guards: 'charges_are_settled',
    harness: 'twin-stores',
    edits: one(
      'src/storage/hot/capture-group.ts',
      "where b.scheme = 'upto' and d.charge > 0",
      "where b.scheme = 'exact' and d.charge > 0",
    ),
  },
  {
    name: 'the exposure limit is not asked for',
    guards: 'limits_hold',
    harness: 'twin-stores',
    edits: one(
      'src/storage/hot/admit-group.ts',
      "when 'exposure' then not deposits_only and total <= available - credit_limit + given_limit",
      "when 'exposure' then total > 0",
    ),
  },
  {
    name: 'a published voucher buys once more',
    guards: 'channels_are_covered',
    harness: 'twin-stores',
    edits: one(
      'src/storage/hot/admit-group.ts',
      'and voucher_max >= charged + amount and voucher_max > published',
      'and voucher_max >= charged + amount',
    ),
  },
  {
    name: 'a nonce is not used up by the commit that signs with it',
    guards: 'gap inside W4; nonces_are_contiguous',
    harness: 'twin-stores',
    edits: one(
      'src/storage/append-transaction.ts',
      'setNextNonce({ sql, lane, nonce: nonce + 1 })',
      'setNextNonce({ sql, lane, nonce })',
    ),
  },
  {
    name: 'what is signed is not bound to its transaction',
    guards: 'settlements_have_their_transaction',
    harness: 'twin-stores',
    edits: one(
      'src/storage/apply-effects.ts',
      "set state = 'signed', transaction_id = $2, error = $3 where",
      "set state = 'signed', transaction_id = nullif($2, $2), error = $3 where",
    ),
  },
  {
    name: 'an entry loses its postings',
    guards: 'entries_balance, ledgers_balance',
    harness: 'twin-stores',
    edits: one(
      'src/storage/append-entries.ts',
      'for (const [number, posting] of entry.postings.entries())',
      'for (const [number, posting] of entry.postings.slice(1).entries())',
    ),
  },
  {
    name: 'the end of a hold does not name it',
    guards: 'holds_resolve_once',
    harness: 'twin-stores',
    edits: one(
      'src/storage/append-entries.ts',
      '? heldEntryId(entry.id) : null',
      '? `${heldEntryId(entry.id)}?` : null',
    ),
  },
  {
    name: 'a channel is refunded while calls are held on it',
    guards: 'channels_are_covered',
    harness: 'twin-stores',
    edits: one(
      'src/storage/hold-refund.ts',
      "if (heldAtomic > 0n || big(row['refunds_pending']) > 0n) return 'busy'",
      "if (heldAtomic < 0n) return 'busy'",
    ),
  },
  {
    name: 'a loss is forgotten',
    guards: 'losses_are_remembered',
    harness: 'twin-stores',
    edits: one(
      'src/storage/deposits-only.ts',
      'update balances b set deposits_only = true',
      'update balances b set deposits_only = false',
    ),
  },
  {
    name: 'history is hashed with a row too many',
    guards: 'history_is_unchanged',
    harness: 'twin-stores',
    edits: one(
      'src/storage/history/extend-history.ts',
      '$3::bigint, d.row_count, d.hash from',
      '$3::bigint, d.row_count + 1, d.hash from',
    ),
  },
  {
    name: 'an event counts as often as it is seen',
    guards: 'gap W5-W6; balances_equal_postings',
    harness: 'twin-stores',
    edits: one(
      'src/storage/append-entries.ts',
      'if (rows.length === 0) continue',
      'if (rows.length === 0) { added.push(entry); continue }',
    ),
  },
]
