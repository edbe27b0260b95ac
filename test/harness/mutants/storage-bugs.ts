import { one, type PlantedBug } from './planted-bug.ts'

/** The database: what it lets in, and what it keeps. */
export const STORAGE_BUGS: readonly PlantedBug[] = [
  {
    name: 'a voided call keeps its hold',
    guards: 'balances_equal_postings',
    edits: one(
      'src/storage/hot/capture-group.ts',
      'debits_pending = b.debits_pending - d.held,',
      'debits_pending = b.debits_pending - d.posted,',
    ),
  },
  {
    name: 'a capture above its hold',
    guards: 'charges_are_bounded',
    edits: one(
      'src/storage/hot/capture-group.ts',
      'least(i.charge, a.ceiling) as bound,',
      'i.charge as bound,',
    ),
  },
  {
    name: 'no settlement is left for a charge',
    guards: 'charges_are_settled',
    edits: one(
      'src/storage/hot/capture-group.ts',
      "where b.scheme = 'upto' and d.charge > 0",
      "where b.scheme = 'exact' and d.charge > 0",
    ),
  },
  {
    name: 'the exposure limit is not asked for',
    guards: 'limits_hold',
    edits: one(
      'src/storage/hot/admit-group.ts',
      "when 'exposure' then not deposits_only and total <= available - credit_limit + given_limit",
      "when 'exposure' then total > 0",
    ),
  },
  {
    name: 'a published voucher buys once more',
    guards: 'channels_are_covered',
    edits: one(
      'src/storage/hot/admit-group.ts',
      'and voucher_max >= charged + amount and voucher_max > published',
      'and voucher_max >= charged + amount',
    ),
  },
  {
    name: 'a nonce is not used up by the commit that signs with it',
    guards: 'gap inside W4; nonces_are_contiguous',
    edits: one(
      'src/storage/settling/append-transaction.ts',
      'setNextNonce({ sql, lane, nonce: nonce + 1 })',
      'setNextNonce({ sql, lane, nonce })',
    ),
  },
  {
    name: 'what is signed is not bound to its transaction',
    guards: 'settlements_have_their_transaction',
    edits: one(
      'src/storage/settling/apply-effects.ts',
      "set state = 'signed', transaction_id = $2, error = $3 where",
      "set state = 'signed', transaction_id = nullif($2, $2), error = $3 where",
    ),
  },
  {
    name: 'an entry loses its postings',
    guards: 'entries_balance, ledgers_balance',
    edits: one(
      'src/storage/books/append-entries.ts',
      'for (const [number, posting] of entry.postings.entries())',
      'for (const [number, posting] of entry.postings.slice(1).entries())',
    ),
  },
  {
    name: 'the end of a hold does not name it',
    guards: 'holds_resolve_once',
    edits: one(
      'src/storage/books/append-entries.ts',
      '? heldEntryId(entry.id) : null',
      '? `${heldEntryId(entry.id)}?` : null',
    ),
  },
  {
    name: 'a channel is refunded while calls are held on it',
    guards: 'channels_are_covered',
    edits: one(
      'src/storage/settling/hold-refund.ts',
      "if (heldAtomic > 0n || big(row['refunds_pending']) > 0n) return 'busy'",
      "if (heldAtomic < 0n) return 'busy'",
    ),
  },
  {
    name: 'a loss is forgotten',
    guards: 'losses_are_remembered',
    edits: one(
      'src/storage/books/deposits-only.ts',
      'update balances b set deposits_only = true',
      'update balances b set deposits_only = false',
    ),
  },
  {
    name: 'history is hashed with a row too many',
    guards: 'history_is_unchanged',
    edits: one(
      'src/storage/history/extend-history.ts',
      '$3::bigint, d.row_count, d.hash from',
      '$3::bigint, d.row_count + 1, d.hash from',
    ),
  },
  {
    name: 'an event counts as often as it is seen',
    guards: 'gap W5-W6; balances_equal_postings',
    edits: one(
      'src/storage/books/append-entries.ts',
      'if (rows.length === 0) continue',
      'if (rows.length === 0) { added.push(entry); continue }',
    ),
  },
]
