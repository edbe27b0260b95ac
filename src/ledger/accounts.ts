/** Account paths: one function per kind of account, so that no path is spelled twice. */
export const ACCOUNTS = {
  /** What a wallet has with us: the unused part of `exact` payments. Credit account, never below zero. */
  credit: (payer: string) => `payer:${payer}:credit`,
  /** What a wallet owes: signed `upto` calls that are not settled. Debit account with an exposure limit. */
  receivable: (payer: string) => `receivable:${payer}`,
  /** What a payer has in a channel. Credit account, never below zero. */
  channel: (channelId: string) => `channel:${channelId}`,
  organizationBalance: (organizationId: string) => `organization:${organizationId}:balance`,
  revenue: 'revenue:unsettled',
  clearing: 'clearing:settlement',
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

/** Accounts whose available amount is enforced at the pending step; only these have a balance row. */
export function isLimited(account: string): boolean {
  return (
    account.startsWith('channel:') ||
    account.startsWith('receivable:') ||
    (account.startsWith('payer:') && account.endsWith(':credit')) ||
    account.startsWith('organization:')
  )
}
