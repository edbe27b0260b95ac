import { parseTransaction } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { fundAccount } from '../../../src/dev/chain/fund.ts'
import { countDuring, expectSpent, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { readAnswer } from '../../support/chat.ts'
import { sendPaid } from '../../support/wire-payment.ts'

const stack = useAttackedStack()

/** Somebody who reads our transactions on their way and has the same call mined first, under its own name. */
async function startFrontRunner() {
  const { proxy, rpcUrl } = stack()
  const account = privateKeyToAccount(generatePrivateKey())
  await fundAccount({ rpcUrl, address: account.address, ether: 10n ** 18n })
  const chain = devClient({ rpcUrl, account })
  const mined: string[] = []
  proxy.setOverride(async ({ method, params }) => {
    if (method !== 'eth_sendRawTransaction') return undefined
    const { to, data } = parseTransaction(params[0] as `0x${string}`)
    if (!to || !data || mined.length > 0) return undefined
    const hash = await chain.sendTransaction({ account, to, data })
    const receipt = await chain.waitForTransactionReceipt({ hash })
    expect(receipt.status).toBe('success')
    mined.push(hash)
    return undefined
  })
  return { account, mined }
}

test.each(['exact', 'batch-settlement'] as const)(
  'a %s payment that somebody else has mined before us is paid: one call, counted once, by their transaction',
  async (scheme) => {
    const bought = await newPayment({ stack: stack(), scheme })
    const { mined } = await startFrontRunner()
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: () => sendPaid({ stack: stack(), ...bought }),
    })
    const answer = await readAnswer(value)
    expect(mined).toHaveLength(1)
    expect(upstreamCalls).toBe(1)
    expect(charged).toBe(BigInt(answer.turnpike.charge))
    stack().proxy.restore()
    await expectSpent(await sendPaid({ stack: stack(), ...bought }))
    await stack().settleUntilQuiet()
    expect(stack().provider.calls()).toBeGreaterThan(0)
  },
)
