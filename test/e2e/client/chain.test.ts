import { afterAll, beforeAll, expect, test } from 'vitest'
import { payingFetch, type PaidEvent, type PayingFetchOptions } from '../../../src/client/index.ts'
import { memoryStore } from '../../../src/client/channel/channel-store.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { chatBody, post } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'

/** What the client does on chain by itself: withdrawals past the server, and approvals. */
let stack: Stack

beforeAll(async () => {
  stack = await startStack()
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const clientOf = (payer: Payer) => devClient({ rpcUrl: stack.rpcUrl, account: payer.account })

function newFetch(payer: Payer, options: PayingFetchOptions = {}) {
  const events: PaidEvent[] = []
  const pay = payingFetch(payer.account, { onPaid: (event) => events.push(event), ...options })
  return { pay, events }
}

const usdcOf = (payer: Payer) =>
  clientOf(payer).readContract({
    address: stack.usdc.address,
    abi: [
      {
        type: 'function',
        name: 'balanceOf',
        stateMutability: 'view',
        inputs: [{ name: 'owner', type: 'address' }],
        outputs: [{ name: '', type: 'uint256' }],
      },
    ],
    functionName: 'balanceOf',
    args: [payer.address],
  })

test('a client on another chain is not used', async () => {
  const payer = await stack.newPayer()
  const { pay } = newFetch(payer)
  await (await pay(stack.chatUrl, post(chatBody()))).text()
  const [channel] = await pay.channels()
  const client = { ...clientOf(payer), getChainId: () => Promise.resolve(1) }
  await expect(pay.startWithdrawal({ channelId: channel?.channelId ?? '', client })).rejects.toMatchObject({
    fault: 'wrong_chain',
  })
})

const ways = () =>
  [
    { name: 'upto in USDC', options: { schemes: ['upto'] as const } },
    { name: 'a channel in USDT', options: { schemes: ['batch-settlement'] as const, assets: [stack.usdt] } },
    { name: 'exact in USDT', options: { schemes: ['exact'] as const, assets: [stack.usdt] } },
  ] as const

test('a missing allowance is explained with the transaction that gives it, and then the call is paid', async () => {
  for (const { name, options } of ways()) {
    const payer = await stack.newPayer({ approved: false })
    const { pay } = newFetch(payer, options)
    const error: unknown = await pay(stack.chatUrl, post(chatBody())).catch((reason: unknown) => reason)
    expect(error, name).toMatchObject({ name: 'ApprovalRequiredError', code: 'permit2_allowance_required' })
    const { call, message } = error as { call: { to: `0x${string}`; data: `0x${string}` }; message: string }
    expect(message).toContain('approve(0x000000000022d473030f116ddee9f6b43ac78ba3')
    const client = clientOf(payer)
    await client.waitForTransactionReceipt({ hash: await client.sendTransaction(call) })
    // The server looks again at what it saw a second ago.
    const again = () =>
      pay(stack.chatUrl, post(chatBody())).then(
        ({ status }) => status,
        () => 0,
      )
    await expect.poll(again, { timeout: 3_000, interval: 250, message: name }).toBe(200)
  }
})

test('with a wallet client the allowance is given once, as much as the policy says, and calls at once share it', async () => {
  for (const { name, options } of ways()) {
    const payer = await stack.newPayer({ approved: false })
    const client = clientOf(payer)
    let sent = 0
    const counted: typeof client = {
      ...client,
      sendTransaction: ((transaction: Parameters<typeof client.sendTransaction>[0]) => {
        sent += 1
        return client.sendTransaction(transaction)
      }) as typeof client.sendTransaction,
    }
    const { pay } = newFetch(payer, { ...options, approvals: { client: counted, amountUsd: 3 } })
    const answers = await Promise.all([1, 2, 3].map(() => pay(stack.chatUrl, post(chatBody()))))
    expect(
      answers.map(({ status }) => status),
      name,
    ).toEqual([200, 200, 200])
    expect(sent, name).toBe(1)
  }
})

// The last one: it sets the chain's clock a day ahead, where nothing that is signed today is valid.
test('a payer takes its money back on chain after the delay, in another process than the one that paid', async () => {
  const payer = await stack.newPayer()
  const client = clientOf(payer)
  const store = memoryStore()
  const first = newFetch(payer, { store })
  expect((await first.pay(stack.chatUrl, post(chatBody()))).status).toBe(200)
  const [channel] = await first.pay.channels()
  if (!channel) throw new Error('no channel')
  const { channelId, chargedAtomic } = channel
  const order = { channelId, client }
  const before = await usdcOf(payer)

  await expect(first.pay.finishWithdrawal(order)).rejects.toMatchObject({ fault: 'no_withdrawal' })
  const started = await first.pay.startWithdrawal(order)
  expect(started).toMatchObject({
    amountAtomic: 1_000_000n,
    transaction: expect.stringMatching(/^0x/) as string,
  })
  // Begun once, it is not begun again.
  expect(await first.pay.startWithdrawal(order)).toMatchObject({ transaction: '', amountAtomic: 1_000_000n })
  await expect(first.pay(stack.chatUrl, post(chatBody()))).rejects.toMatchObject({
    fault: 'channel_withdrawing',
  })
  // The server claims within the delay what it was promised.
  await stack.settleUntilQuiet()

  const second = newFetch(payer, { store })
  await expect(second.pay.finishWithdrawal(order)).rejects.toMatchObject({ fault: 'withdrawal_waits' })
  await client.increaseTime({ seconds: 86_400 })
  await client.mine({ blocks: 1 })
  expect(await second.pay.finishWithdrawal(order)).toMatchObject({ amountAtomic: 1_000_000n - chargedAtomic })
  expect((await usdcOf(payer)) - before).toBe(1_000_000n - chargedAtomic)
  expect(second.events.map(({ kind }) => kind)).toEqual(['withdrawal'])
  await expect(second.pay.startWithdrawal(order)).rejects.toMatchObject({ fault: 'nothing_to_withdraw' })
  await expect(
    second.pay.startWithdrawal({ ...order, channelId: `0x${'12'.repeat(32)}` }),
  ).rejects.toMatchObject({ fault: 'channel_unknown' })
})
