import { one, type PlantedBug } from './planted-bug.ts'

/** What the settlement believes of the chain and books because of it. */
export const BOOKING_BUGS: readonly PlantedBug[] = [
  {
    name: 'the fee of a withdrawal stays held',
    guards: 'holds_resolve_once',
    edits: one(
      'src/settlement/confirm/consequences.ts',
      'entries: [creditRefundSeen(event), ...feeEntry(withdrawalFeeSeen)],',
      'entries: [creditRefundSeen(event)],',
    ),
  },
  {
    name: 'a success counts without its Transfer log',
    guards: 'gap broadcast-W5',
    edits: one(
      'src/settlement/confirm/judge-receipt.ts',
      "arrivedAtomic > 0n && (purpose.kind === 'deposit' ? arrivedAtomic : leftAtomic) === amount",
      'arrivedAtomic >= 0n || purpose.amount === String(amount + leftAtomic)',
    ),
  },
  {
    name: 'final at the first block',
    guards: 'gap W5-W6',
    edits: one(
      'src/settlement/confirm/confirm.ts',
      'const isDeep = mined.receipt.blockNumber <= finalBlock',
      'const isDeep = mined.receipt.blockNumber >= 0n',
    ),
  },
  {
    name: 'a reorganisation is not noticed',
    guards: 'gap W5-W6',
    edits: one(
      'src/settlement/confirm/confirm.ts',
      'if (number < (transaction.blockNumber ?? 0n)) return transaction.state',
      'if (number >= 0n) return transaction.state',
    ),
  },
  {
    name: 'a settle counts what was asked, not what arrived',
    guards: 'ledger equals chain',
    edits: one(
      'src/settlement/confirm/judge-receipt.ts',
      "const amount = purpose.kind === 'settle' ? moved.leftAtomic : BigInt(purpose.amount)",
      'const amount = BigInt(purpose.amount)',
    ),
  },
  {
    name: 'gas of failed transactions is not booked',
    guards: 'ledger equals chain',
    edits: one('src/settlement/confirm/record-step.ts', 'more: gasOf({ transaction, ...mined })', 'more: []'),
  },
  {
    name: 'a claim that somebody else submits is not booked',
    guards: 'gap broadcast-W5; ledger equals chain',
    edits: one(
      'src/settlement/confirm/moved-by-others.ts',
      'if (channels.length === 0 && !isRefund && !isSettle) return NO_OTHERS',
      'if (!isRefund && !isSettle) return NO_OTHERS',
    ),
  },
  {
    name: 'what a token takes of a payment is forgotten',
    guards: 'ledger equals chain',
    edits: one(
      'src/settlement/confirm/record-step.ts',
      'if (feeAtomic === 0n) return []',
      'if (feeAtomic >= 0n) return []',
    ),
  },
]
