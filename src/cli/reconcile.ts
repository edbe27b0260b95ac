import type { BooksReport } from '../app/open-app.ts'
import { askServer } from './ask-server.ts'
import { printTable } from './table.ts'

type WireFinding = {
  readonly id: string
  readonly class: string
  readonly network: string
  readonly subject: string
  readonly ledger: string
  readonly chain: string
  readonly means: string
  readonly next: string
  readonly age_seconds: number
}

/** The server does it, since it knows the chains. @throws Error where none runs. */
async function ask<Answer>(path: string, order?: unknown): Promise<Answer> {
  const answer = await askServer(path, order)
  if (answer === undefined)
    throw new Error('No server answers. Start one (turnpike dev or serve), or name it in TURNPIKE_ADMIN_URL.')
  return answer as Answer
}

const printJson = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`)

/** `turnpike reconcile`: ledger against chain, both ways, and what stands open about usage. Exits 1 where ledger and chain differ. */
export async function reconcileCommand({ json }: { json: boolean }): Promise<number> {
  const result = await ask<BooksReport>('/reconciliation')
  const { differences, compared, notes, usage } = result
  if (json) printJson(result)
  else {
    const { balances, channels, transfers } = compared
    process.stdout.write(`Compared ${balances} balances, ${channels} channels and ${transfers} transfers.\n`)
    for (const note of notes) process.stdout.write(`${note}\n`)
    if (differences.length === 0) process.stdout.write('Ledger and chain agree to the unit.\n')
    else {
      printTable(
        ['class', 'subject', 'ledger', 'chain'],
        differences.map((finding) => [finding.class, finding.subject, finding.ledger, finding.chain]),
      )
    }
    if (usage.length > 0) {
      process.stdout.write('Providers count otherwise (turnpike reconcile --findings says what to do):\n')
      printTable(
        ['endpoint and direction', 'ours', "the provider's"],
        usage.map(({ subject, ledger, chain }) => [subject, ledger, chain]),
      )
    }
  }
  return differences.length === 0 ? 0 : 1
}

/** `turnpike reconcile --findings`: what is open, with what it means and what to do. Exits 1 where something is. */
export async function listFindings({ json }: { json: boolean }): Promise<number> {
  const { data } = await ask<{ data: readonly WireFinding[] }>('/reconciliation/findings?order=asc')
  if (json) printJson({ findings: data })
  else if (data.length === 0) process.stdout.write('No finding is open.\n')
  else {
    printTable(
      ['id', 'class', 'age', 'subject', 'ledger', 'chain'],
      data.map((one) => [one.id, one.class, ageOf(one.age_seconds), one.subject, one.ledger, one.chain]),
    )
    for (const [name, { means, next }] of new Map(data.map((one) => [one.class, one])))
      process.stdout.write(`\n${name}: ${means}\n  ${next}\n`)
    process.stdout.write('\nClose one with: turnpike reconcile close <id> --reason "..."\n')
  }
  return data.length === 0 ? 0 : 1
}

/** `turnpike reconcile close <id> --reason "..."`: somebody has looked and says why it is so. */
export async function closeFinding({
  id,
  reason,
  json,
}: {
  id: string
  reason: string
  json: boolean
}): Promise<void> {
  const path = `/reconciliation/findings/${encodeURIComponent(id)}/close`
  const finding = await ask<WireFinding>(path, { reason })
  if (json) printJson(finding)
  else process.stdout.write(`Closed: ${finding.subject}\n`)
}

const AGES = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const

function ageOf(seconds: number): string {
  const [size, unit] = AGES.find(([size]) => seconds >= size) ?? [1, 's']
  return `${Math.floor(seconds / size)} ${unit}`
}
