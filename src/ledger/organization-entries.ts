import type { Atomic, PicoUsd } from '../lib/money.ts'
import { ACCOUNTS, tokenLedger, USD_LEDGER } from './accounts.ts'
import type { Entry } from './types.ts'

type BalanceEvent = {
  readonly organizationId: string
  /** Names what was done, once: the same again is the same entry. */
  readonly subject: string
  /** Above zero. */
  readonly amountPicoUsd: PicoUsd
}

/** Subjects are named by whoever asks; an organisation's name in front of them keeps its own from another's. */
const idOf = (event: Entry['event'], { organizationId, subject }: BalanceEvent) =>
  `${event}:${encodeURIComponent(organizationId)}:${subject}`

/** The operator gives an organisation a balance, against an invoice. Dr trade-receivable, Cr the organisation's balance. */
export const organizationToppedUp = (event: BalanceEvent): Entry => ({
  id: idOf('organization_topped_up', event),
  event: 'organization_topped_up',
  postings: [
    {
      ledger: USD_LEDGER,
      debit: ACCOUNTS.tradeReceivable(event.organizationId),
      credit: ACCOUNTS.organizationBalance(event.organizationId),
      amount: event.amountPicoUsd,
      kind: 'posted',
    },
  ],
})

/** The reverse: what the organisation is not invoiced for any more, or was paid back. Dr its balance, Cr trade-receivable. */
export const organizationWithdrawn = (event: BalanceEvent): Entry => ({
  id: idOf('organization_withdrawn', event),
  event: 'organization_withdrawn',
  postings: [
    {
      ledger: USD_LEDGER,
      debit: ACCOUNTS.organizationBalance(event.organizationId),
      credit: ACCOUNTS.tradeReceivable(event.organizationId),
      amount: event.amountPicoUsd,
      kind: 'posted',
    },
  ],
})

/**
 * A payer's `exact` payment becomes its organisation's balance: a token of ours is a dollar. One entry over two ledgers: Dr payer credit,
 * Cr clearing:fx in the token's; Dr clearing:fx, Cr the organisation's balance in `usd`. The tokens stay where they are, and are the payer's no more.
 */
export const organizationCredited = ({
  fundingId,
  network,
  asset,
  payer,
  amountAtomic,
  organizationId,
  amountPicoUsd,
}: {
  readonly fundingId: string
  readonly network: string
  readonly asset: string
  readonly payer: string
  readonly amountAtomic: Atomic
  readonly organizationId: string
  readonly amountPicoUsd: PicoUsd
}): Entry => ({
  id: `organization_credited:${fundingId}`,
  event: 'organization_credited',
  postings: [
    {
      ledger: tokenLedger({ network, asset }),
      debit: ACCOUNTS.credit(payer),
      credit: ACCOUNTS.exchange,
      amount: amountAtomic,
      kind: 'posted',
    },
    {
      ledger: USD_LEDGER,
      debit: ACCOUNTS.exchange,
      credit: ACCOUNTS.organizationBalance(organizationId),
      amount: amountPicoUsd,
      kind: 'posted',
    },
  ],
})
