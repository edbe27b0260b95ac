const escaped = (id: string) => id.replaceAll('%', '%25').replaceAll(':', '%3A')

/** Account paths: one function per kind of account, so that no path is spelled twice. */
export const ACCOUNTS = {
  /** What a wallet has with us: the unused part of `exact` payments. Credit account, never below zero. */
  credit: (payer: string) => `payer:${payer}:credit`,
  /** What a wallet owes: signed `upto` calls that are not settled. Debit account with an exposure limit. */
  receivable: (payer: string) => `receivable:${payer}`,
  /** What a payer has in a channel. Credit account, never below zero. */
  channel: (channelId: string) => `channel:${channelId}`,
  /** What an organisation has with us, in `usd`. Credit account, never below zero. */
  organizationBalance: (organizationId: string) => `organization:${organizationId}:balance`,
  /** What an organisation was invoiced for and has not paid yet, as the operator has it. Debit account, without a limit. */
  tradeReceivable: (organizationId: string) => `trade-receivable:${organizationId}`,
  /**
   * What is spent and held of a budget in one window. Ids may hold colons, so they are escaped: no caller can name a run so that its
   * account is another's.
   */
  budget: ({ budgetId, levelId, windowId }: { budgetId: string; levelId: string; windowId: string }) =>
    `budget:${escaped(budgetId)}:${escaped(levelId)}:${windowId}`,
  /** The other side of all budgets: they count what other accounts have paid. */
  budgetsSpent: 'budgets:spent',
  revenue: 'revenue:unsettled',
  clearing: 'clearing:settlement',
  /** Where tokens leave their ledger and arrive as dollars in `usd`: each side says how much was changed. */
  exchange: 'clearing:fx',
  payTo: 'chain:pay-to',
  till: 'chain:till',
  channels: 'chain:channels',
  signer: 'chain:signer',
  gas: 'expense:gas',
  /** What issuers keep of a transfer. */
  tokenFee: 'expense:token-fee',
  inference: 'expense:inference',
  provider: (providerId: string) => `payable:provider:${providerId}`,
  suspense: 'suspense:inference',
  badDebt: 'loss:bad-debt',
  opening: 'equity:opening',
} as const

export const tokenLedger = ({ network, asset }: { network: string; asset: string }) => `${network}/${asset}`
export const nativeLedger = (network: string) => `${network}/native`
export const USD_LEDGER = 'usd'
/**
 * What stands in a call for its chain and token where an organisation's balance pays: the money is in our books alone, in pico-USD, so no
 * chain is asked about it and nothing is settled.
 */
export const USD_MONEY = { network: USD_LEDGER, asset: 'USD', decimals: 12 } as const
/** Ledgers of what budgets count that is no money. */
export const TOKENS_LEDGER = 'tokens'
export const REQUESTS_LEDGER = 'requests'

/** Accounts whose available amount is enforced at the pending step; only these have a balance row. */
export function isLimited(account: string): boolean {
  return (
    account.startsWith('channel:') ||
    account.startsWith('receivable:') ||
    (account.startsWith('payer:') && account.endsWith(':credit')) ||
    account.startsWith('organization:') ||
    account.startsWith('budget:')
  )
}
