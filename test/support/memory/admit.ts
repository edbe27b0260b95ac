import { paidToken } from '../../../src/call/admit/paid-token.ts'
import type { Admission, AdmitOutcome } from '../../../src/call/types.ts'
import { ACCOUNTS, tokenLedger } from '../../../src/ledger/accounts.ts'
import { admitVoucher } from '../../../src/payment/channel.ts'
import type { ChannelState, Hex, Network } from '../../../src/payment/types.ts'
import type { ChannelConfig } from '../../../src/payment/types.ts'
import { accountKey, availableIn, channelStateOf, ensureBalance, putBalance } from './balances.ts'
import { callRecordOf, keyText } from './call-records.ts'
import type { BalanceRow, Tables } from './tables.ts'

/** Makes the channel's account and row where they are missing. */
export function openChannel(
  tables: Tables,
  { id, network, config }: { id: Hex; network: Network; config: ChannelConfig },
): void {
  const ledger = tokenLedger({ network, asset: config.token })
  const account = ACCOUNTS.channel(id)
  ensureBalance(tables, ledger, account)
  if (tables.channels.has(id)) return
  tables.journal.put(tables.channels, id, { id, network, config, key: accountKey(ledger, account) })
}

/** The account that has no row; exposure begins with the first call, a channel with the turn for its first deposit. */
function missingAccount(tables: Tables, admission: Admission): string | undefined {
  const { channel } = admission
  const network = paidToken(admission)?.network
  for (const { ledger, account } of admission.holds) {
    if (tables.balances.has(accountKey(ledger, account))) continue
    if (account.startsWith('receivable:')) ensureBalance(tables, ledger, account)
    else if (network && channel?.depositAtomic !== undefined && account === ACCOUNTS.channel(channel.id))
      openChannel(tables, { id: channel.id, network, config: channel.config })
    else return account
  }
  return undefined
}

type Scope = Admission['holds'][number] & { readonly row: BalanceRow; readonly isChannel: boolean }

const scopesOf = (tables: Tables, admission: Admission): Scope[] =>
  admission.holds.map((hold) => ({
    ...hold,
    row: ensureBalance(tables, hold.ledger, hold.account),
    isChannel: admission.channel !== undefined && hold.account === ACCOUNTS.channel(admission.channel.id),
  }))

const limitOf = (admission: Admission, { account, row }: Scope) =>
  account.startsWith('receivable:') ? (admission.exposureLimitAtomic ?? row.creditLimit) : row.creditLimit

function refusalOf(admission: Admission, scopes: readonly Scope[]): AdmitOutcome | undefined {
  const taken = new Map<string, bigint>()
  for (const scope of scopes) {
    if (scope.isChannel) continue
    const { account, amount, row } = scope
    if (admission.exposureLimitAtomic !== undefined && row.kind === 'exposure' && row.depositsOnly)
      return { kind: 'deposits_only' }
    const available = availableIn(row, limitOf(admission, scope)) - (taken.get(account) ?? 0n)
    if (available < amount)
      return { kind: 'refused', account, availableAtomic: available > 0n ? available : 0n }
    taken.set(account, (taken.get(account) ?? 0n) + amount)
  }
  return undefined
}

function writeChannel(tables: Tables, row: BalanceRow, state: ChannelState): void {
  putBalance(tables, {
    ...row,
    debitsPending: state.heldAtomic + row.refundsPending,
    voucherMax: state.highest?.maxAtomic ?? 0n,
    voucherSignature: state.highest?.signature,
    turn: state.turn,
  })
}

/** What the channel's rule says; undefined where it admits, with the channel held. */
function askChannel(tables: Tables, admission: Admission, scope: Scope): AdmitOutcome | undefined {
  const { channel, atMs } = admission
  if (!channel) return undefined
  const state = channelStateOf(scope.row)
  const { balanceAtomic, chargedAtomic, heldAtomic } = state
  const ceilingAtomic = scope.amount
  const verdict = admitVoucher({
    state,
    voucher: channel.voucher,
    ceilingAtomic,
    payer: channel.payer,
    quoteNonce: channel.quoteNonce,
    correctiveQuoteNonce: channel.newQuoteNonce,
    nowMs: atMs,
    unclaimedLimitAtomic: channel.unclaimedLimitAtomic,
    // A deposit that would leave the call uncovered is not worth a transaction.
    mayDeposit:
      channel.depositAtomic !== undefined &&
      balanceAtomic + channel.depositAtomic >= chargedAtomic + heldAtomic + ceilingAtomic,
  })
  if (verdict.kind === 'wait') return verdict
  if (verdict.kind === 'withdrawing' || verdict.kind === 'unclaimed') return { kind: verdict.kind }
  writeChannel(tables, scope.row, verdict.state)
  if (verdict.kind === 'admit') return undefined
  return verdict.kind === 'deposit' ? { kind: 'deposit' } : { kind: 'corrective', channel: verdict.state }
}

/** W1 inside a commit, by the exact rule; the group statement of the real store gives the same answers. */
export function admitOne(tables: Tables, admission: Admission, instance: string): AdmitOutcome {
  const missing = missingAccount(tables, admission)
  if (missing !== undefined) {
    return admission.channel && missing === ACCOUNTS.channel(admission.channel.id)
      ? { kind: 'unknown_channel' }
      : { kind: 'refused', account: missing, availableAtomic: 0n }
  }
  const key = keyText(admission.paymentKey)
  const { idempotencyKey } = admission
  const owner =
    callRecordOf(tables, tables.callOfKey.get(key) ?? '') ??
    callRecordOf(tables, tables.callOfIdempotencyKey.get(idempotencyKey ?? '') ?? '')
  if (owner)
    return owner.callId === admission.callId ? { kind: 'admitted' } : { kind: 'duplicate', call: owner }
  const scopes = scopesOf(tables, admission)
  const refusal = refusalOf(admission, scopes)
  if (refusal) return refusal
  const channelScope = scopes.find(({ isChannel }) => isChannel)
  const verdict = channelScope && askChannel(tables, admission, channelScope)
  if (verdict) return verdict
  tables.journal.put(tables.admissions, admission.callId, { ...admission, instance })
  tables.journal.put(tables.callOfKey, key, admission.callId)
  if (idempotencyKey !== undefined)
    tables.journal.put(tables.callOfIdempotencyKey, idempotencyKey, admission.callId)
  for (const scope of scopes) {
    if (scope.isChannel) continue
    const row = ensureBalance(tables, scope.ledger, scope.account)
    putBalance(tables, {
      ...row,
      debitsPending: row.debitsPending + scope.amount,
      creditLimit: limitOf(admission, scope),
      movedAtMs: Math.max(row.movedAtMs, admission.atMs),
    })
  }
  return { kind: 'admitted' }
}
