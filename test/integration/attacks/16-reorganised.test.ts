import { expect, test } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { chargedSoFar, countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { readAnswer } from '../../support/chat.ts'
import { sendPaid } from '../../support/wire-payment.ts'

/** Nothing is final before it is six blocks deep. */
const stack = useAttackedStack({ finalityBlocks: 6, overrides: { sweepMs: 3_600_000 } })

const client = () => devClient({ rpcUrl: stack().rpcUrl })
/** The newest blocks are replaced by empty ones: what was in them is nowhere, not even waiting. */
const reorganise = (depth: number) =>
  client().request({ method: 'anvil_reorg', params: [depth, []] } as never)

const sentBy = async (kind: string) =>
  (await stack().app.listTransactions()).filter(({ purpose }) => purpose.kind === kind)

test.each(['exact', 'batch-settlement', 'upto'] as const)(
  'a %s payment that a reorganisation takes back is sent again and counts once, for one call',
  async (scheme) => {
    const bought = await newPayment({ stack: stack(), scheme })
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: () => sendPaid({ stack: stack(), ...bought }),
    })
    const answer = await readAnswer(value)
    expect(upstreamCalls).toBe(1)
    expect(charged).toBe(BigInt(answer.turnpike.charge))
    const kind = scheme === 'batch-settlement' ? 'deposit' : scheme
    if (scheme === 'upto') await stack().app.settleNow()
    await stack().app.settleNow()
    const [seen] = await sentBy(kind)
    expect(seen?.state).toBe('seen')

    const before = await chargedSoFar(stack())
    await reorganise(2)
    await expect(client().getTransactionReceipt({ hash: seen?.hash ?? '0x' })).rejects.toThrow()
    await stack().settleUntilQuiet()
    const again = (await sentBy(kind)).find(({ id }) => id === seen?.id)
    expect(again?.state).toBe('final')
    expect((await client().getTransactionReceipt({ hash: again?.hash ?? '0x' })).status).toBe('success')
    expect(stack().provider.calls()).toBeGreaterThan(0)
    expect(await chargedSoFar(stack())).toBe(before)
  },
)
