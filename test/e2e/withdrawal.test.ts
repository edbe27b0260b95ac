import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAbi } from 'viem'
import { devClient } from '../../src/dev/chain/clients.ts'
import { BATCH_SETTLEMENT } from '../../src/payment/tokens/contracts.ts'
import type { ChannelConfig } from '../../src/payment/types.ts'
import { chatBody, post, readAnswer, readError } from '../support/chat.ts'
import { startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'

let stack: Stack

beforeAll(async () => {
  stack = await startStack({ overrides: { sweepMs: 60_000 } })
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const abi = parseAbi([
  'struct Config { address payer; address payerAuthorizer; address receiver; address receiverAuthorizer; address token; uint40 withdrawDelay; bytes32 salt; }',
  'function initiateWithdraw(Config config, uint128 amount)',
  'function finalizeWithdraw(Config config)',
])

test('a payer that withdraws past us has its channel claimed and closed, and the books follow the chain', async () => {
  const payer = await stack.newPayer()
  const client = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  const paid = await readAnswer(await client.pay(stack.chatUrl, post(chatBody())))
  const charge = BigInt(paid.turnpike.charge)
  const config = client.exchanges.at(-1)?.payment?.payload['channelConfig'] as ChannelConfig
  const chain = devClient({ rpcUrl: stack.rpcUrl, account: payer.account })
  const send = async (functionName: 'initiateWithdraw' | 'finalizeWithdraw', args: never) => {
    const hash = await chain.writeContract({ address: BATCH_SETTLEMENT, abi, functionName, args })
    const receipt = await chain.waitForTransactionReceipt({ hash })
    expect(receipt.status).toBe('success')
  }

  await send('initiateWithdraw', [config, 1_000_000n - charge] as never)
  // No threshold and no age makes this claim due: only the withdrawal does.
  await stack.app.settleNow()
  const claims = (await stack.app.listTransactions()).filter(({ purpose }) => purpose.kind === 'claim')
  expect(claims).toHaveLength(1)
  expect(claims[0]?.purpose).toMatchObject({ rows: [{ totalClaimed: charge.toString() }] })

  const callsBefore = stack.provider.calls()
  const refused = await client.pay(stack.chatUrl, post(chatBody()))
  expect(refused.status).toBe(402)
  expect((await readError(refused)).code).toBe('channel_withdrawing')
  expect(stack.provider.calls()).toBe(callsBefore)

  await chain.request({ method: 'evm_increaseTime', params: ['0x15180'] } as never)
  await send('finalizeWithdraw', [config] as never)
  await stack.app.settleNow()
  const balances = await stack.app.trialBalance()
  const channel = balances.find(({ account }) => account.startsWith('channel:'))
  expect(channel?.balance).toBe(0n)
})
