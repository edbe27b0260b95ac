import { askServer } from './ask-server.ts'
import { openBooksOfEnvironment } from './open-books.ts'
import { printTable } from './table.ts'

type Check = { readonly name: string; readonly ok: boolean; readonly rows: number }
type BalanceRow = {
  readonly ledger: string
  readonly account: string
  readonly debits: string
  readonly credits: string
  readonly balance: string
}

/** `turnpike ledger check`: every invariant, with the rows that break it. Asks the running server, else opens the ledger. */
export async function ledgerCheck({ json }: { json: boolean }): Promise<number> {
  const answer = (await askServer('/ledger/check')) as { checks: readonly Check[] } | undefined
  const checks =
    answer?.checks ??
    (await fromBooks((books) => books.checkLedger())).map((check) => ({ ...check, rows: check.rows.length }))
  const isOk = checks.every(({ ok }) => ok)
  if (json) process.stdout.write(`${JSON.stringify({ ok: isOk, checks })}\n`)
  else {
    printTable(
      ['invariant', 'violations'],
      checks.map(({ name, rows }) => [name, String(rows)]),
    )
    process.stdout.write(
      isOk ? '\nEvery invariant holds.\n' : '\nBroken. See docs/OPERATING.md for each invariant.\n',
    )
  }
  return isOk ? 0 : 1
}

/** `turnpike ledger balances`: the trial balance, which must come to zero in every ledger. */
export async function ledgerBalances({ json }: { json: boolean }): Promise<void> {
  const answer = (await askServer('/ledger/trial-balance')) as { accounts: readonly BalanceRow[] } | undefined
  const rows =
    answer?.accounts ??
    (await fromBooks((books) => books.trialBalance())).map((row) => ({
      ...row,
      debits: row.debits.toString(),
      credits: row.credits.toString(),
      balance: row.balance.toString(),
    }))
  const sum = rows.reduce((total, { balance }) => total + BigInt(balance), 0n)
  if (json) process.stdout.write(`${JSON.stringify({ accounts: rows, trialBalance: sum.toString() })}\n`)
  else {
    printTable(
      ['ledger', 'account', 'debits', 'credits', 'balance'],
      rows.map(({ ledger, account, debits, credits, balance }) => [
        ledger,
        account,
        debits,
        credits,
        balance,
      ]),
    )
    process.stdout.write(`\nTrial balance: ${sum}\n`)
  }
}

async function fromBooks<Result>(
  read: (books: Awaited<ReturnType<typeof openBooksOfEnvironment>>) => Promise<Result>,
) {
  const books = await openBooksOfEnvironment()
  try {
    return await read(books)
  } finally {
    await books.close()
  }
}
