import { channelNamed, LEDGER, NETWORK, NOW_MS, payerNamed, USDC } from '../../support/calls.ts'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { openMemoryStorage } from '../../support/memory/open-memory-storage.ts'
import { createRandom } from '../simulation/random.ts'
import { drawOperation, type Story, type Twin } from './draw-operations.ts'
import type { openBooks } from './open-books.ts'

const plain = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}

/** Members in one order, so that only what is said is compared. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]))
}

/** What a store answered, as text; of an error only that it was one. */
const answerOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    (answer) => JSON.stringify(sorted(answer ?? null), plain),
    () => 'error',
  )

/** What the lists say between two operations. */
async function standing(books: Twin): Promise<unknown> {
  const { due, balances, calls, settlement } = books
  const network = NETWORK
  const names = ['a', 'b']
  return [
    await due.listDueSettlements({ network, limit: 50, order: '' }),
    await due.listClaimableChannels({ network, limit: 50 }),
    await due.listClaimedFunds({ network }),
    await due.listRefunds({ network, states: ['held', 'signed', 'seen', 'final', 'failed'], limit: 99 }),
    await settlement.listTransactions({ network, states: ['signed', 'seen', 'reverted'], limit: 99 }),
    await balances.getOwedCredit({ network, asset: USDC }),
    await Promise.all(names.map((name) => calls.getChannel({ network, channelId: channelNamed(name) }))),
    await Promise.all(
      names.map((name) =>
        balances.getAvailable({ ledger: LEDGER, account: ACCOUNTS.credit(payerNamed(name)) }),
      ),
    ),
  ]
}

/**
 * Does the same to the embedded database and to the ledger in memory, and compares every answer, then asks the database's
 * invariants.
 *
 * @returns what differed first, or which invariants do not hold; undefined where all is well.
 */
export async function compareStores({
  sql,
  seed,
  operations,
}: {
  sql: Awaited<ReturnType<typeof openBooks>>
  seed: number
  operations: number
}): Promise<string | undefined> {
  const random = createRandom(seed)
  const nowMs = () => NOW_MS
  const memory = openMemoryStorage({ instanceId: 'one', nowMs })
  let ids = 0
  const newId = () => `00000000${(ids += 1)}`.slice(-8)
  const story: Story = { random, newId, admitted: [], refunds: [] }
  for (let done = 1; done <= operations; done += 1) {
    const operation = drawOperation(story)
    const expected = await answerOf(operation(memory))
    const answer = await answerOf(operation(sql))
    if (answer !== expected)
      return `operation ${done}: ${answer.slice(0, 300)} and not ${expected.slice(0, 3000)}`
    if (done % 20 !== 0) continue
    const [there, here] = [await answerOf(standing(sql)), await answerOf(standing(memory))]
    if (there !== here) return `after operation ${done}: ${there.slice(0, 600)} and not ${here.slice(0, 600)}`
  }
  const broken = await sql.brokenInvariants()
  return broken.length === 0 ? undefined : `invariants: ${broken.join(', ')}`
}
