import type { Reconciliation } from '../app/open-app.ts'
import { askServer } from './ask-server.ts'
import { printTable } from './table.ts'

/** `turnpike reconcile`: ledger against chain, both ways. The server does it, since it knows the chains. */
export async function reconcileCommand({ json }: { json: boolean }): Promise<number> {
  const result = (await askServer('/reconciliation')) as Reconciliation | undefined
  if (!result) {
    throw new Error('No server answers. Start one (turnpike dev or serve), or name it in TURNPIKE_ADMIN_URL.')
  }
  const { differences, compared } = result
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else {
    const { balances, channels, transfers } = compared
    process.stdout.write(`Compared ${balances} balances, ${channels} channels and ${transfers} transfers.\n`)
    if (differences.length === 0) process.stdout.write('Ledger and chain agree to the unit.\n')
    else {
      printTable(
        ['class', 'subject', 'ledger', 'chain'],
        differences.map((finding) => [finding.class, finding.subject, finding.ledger, finding.chain]),
      )
    }
  }
  return differences.length === 0 ? 0 : 1
}
