import { parseAbi } from 'viem'
import { afterAll, expect, test, vi } from 'vitest'
import { tokenAbi } from '../../../src/dev/chain/abis.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { approvePermit2, fundAccount } from '../../../src/dev/chain/fund.ts'
import { PERMIT2 } from '../../../src/payment/tokens/contracts.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { chargedSoFar, countDuring, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { ELSEWHERE } from '../../support/refusals.ts'
import type { Payer } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { offerFor, sendPaid, uptoPayment } from '../../support/wire-payment.ts'

// Only the test's own passes settle.
const stack = useAttackedStack({ overrides: { sweepMs: 3_600_000 } })
afterAll(() => vi.useRealTimers())

type Call = Parameters<ReturnType<typeof devClient>['writeContract']>[0]

async function actAs(payer: Payer, call: Omit<Call, 'account' | 'chain'>): Promise<void> {
  const chain = devClient({ rpcUrl: stack().rpcUrl, account: payer.account })
  const hash = await chain.writeContract(call as Call)
  expect((await chain.waitForTransactionReceipt({ hash })).status).toBe('success')
}

const permit2Abi = parseAbi(['function invalidateUnorderedNonces(uint256 wordPos, uint256 mask)'])
const usdc = () => ({ address: stack().usdc.address, abi: tokenAbi })

/** How a payer can make its signature worthless between the first byte and the settlement. */
const TRICKS: Readonly<Record<string, (payer: Payer, nonce: bigint) => Promise<void>>> = {
  'spends its balance': async (payer) => {
    const args = [payer.address] as const
    const client = devClient({ rpcUrl: stack().rpcUrl })
    const balance = await client.readContract({ ...usdc(), functionName: 'balanceOf', args })
    await actAs(payer, { ...usdc(), functionName: 'transfer', args: [ELSEWHERE, balance] })
  },
  'revokes its allowance': (payer) =>
    actAs(payer, { ...usdc(), functionName: 'approve', args: [PERMIT2, 0n] }),
  'cancels its permit': (payer, nonce) =>
    actAs(payer, {
      address: PERMIT2,
      abi: permit2Abi,
      functionName: 'invalidateUnorderedNonces',
      args: [nonce >> 8n, 1n << (nonce & 255n)],
    }),
}

const lossSoFar = async () =>
  (await stack().app.trialBalance())
    .filter(({ account }) => account === 'loss:bad-debt')
    .reduce((sum, { balance }) => sum + balance, 0n)

/** A permit of the hand, whose nonce the payer knows. */
async function permitFor(payer: Payer) {
  const body = chatBody({ stream: true })
  const payment = uptoPayment({ offer: await offerFor({ stack: stack(), body, scheme: 'upto' }), payer })
  const { nonce } = payment.payload['permit2Authorization'] as { nonce: string }
  return { body, payment, nonce: BigInt(nonce) }
}

/** The chain's clock and ours, both past every deadline. */
async function skipDeadline(): Promise<void> {
  const client = devClient({ rpcUrl: stack().rpcUrl })
  const seconds = LIMITS.uptoTimeoutSeconds + 60
  await client.increaseTime({ seconds })
  await client.mine({ blocks: 1 })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1_000 })
}

/** A call whose payer plays its trick after the first byte. @returns what it was charged. */
async function trick(name: string, payer: Payer): Promise<bigint> {
  const { body, payment, nonce } = await permitFor(payer)
  const { upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: async () => {
      const response = await sendPaid({ stack: stack(), body, payment })
      const reader = response.body?.getReader()
      await reader?.read()
      await TRICKS[name]?.(payer, nonce)
      while (!(await reader?.read())?.done);
    },
  })
  expect(upstreamCalls, name).toBe(1)
  expect(charged, name).toBeGreaterThan(0n)
  expect(charged, name).toBeLessThanOrEqual(1_000_000n)
  return charged
}

test('a payer whose signature is worthless after the first byte takes at most the cap, is written off, and gets no credit again', async () => {
  // The wakes that follow the calls find a congested chain: settlement waits for us.
  stack().proxy.setOverride(({ method }) =>
    method === 'eth_estimateGas' ? { error: { code: -32_005, message: 'limit' } } : undefined,
  )
  const lostBefore = await lossSoFar()
  const payers: Payer[] = []
  let charged = 0n
  for (const name of Object.keys(TRICKS)) {
    const payer = await stack().newPayer()
    payers.push(payer)
    charged += await trick(name, payer)
  }
  stack().proxy.restore()

  // Nothing is signed that the chain would refuse, and nothing is given up before there is no hope left.
  const sent = (await stack().app.listTransactions()).length
  await stack().app.settleNow()
  expect((await stack().app.listTransactions()).length).toBe(sent)
  expect(await lossSoFar()).toBe(lostBefore)
  await skipDeadline()
  await stack().app.settleNow()
  expect((await lossSoFar()) - lostBefore).toBe(charged)

  for (const payer of payers) {
    await refill(payer)
    await expectPrepaidOnly(payer)
  }
})

/** As good a payer as before, by all that the chain can tell. */
async function refill(payer: Payer): Promise<void> {
  const { account, privateKey } = payer
  await fundAccount({ rpcUrl: stack().rpcUrl, address: account.address, usdc: 5_000_000n })
  await approvePermit2({ rpcUrl: stack().rpcUrl, privateKey })
}

async function expectPrepaidOnly(payer: Payer): Promise<void> {
  for (const asset of [stack().usdc, stack().usdt]) {
    const body = chatBody()
    const offer = await offerFor({ stack: stack(), body, scheme: 'upto', asset: asset.address })
    const refused = await countDuring({
      stack: stack(),
      attack: () => sendPaid({ stack: stack(), body, payment: uptoPayment({ offer, payer }) }),
    })
    expect(refused.value.status).toBe(402)
    const error = await readError(refused.value)
    expect(error.code).toBe('deposits_only')
    expect(error.next).toMatch(/batch-settlement.*exact/)
    expect({ upstreamCalls: refused.upstreamCalls, charged: refused.charged }).toEqual({
      upstreamCalls: 0,
      charged: 0n,
    })
  }
  const before = await chargedSoFar(stack())
  let paid = 0n
  for (const scheme of ['batch-settlement', 'exact'] as const) {
    const { pay } = stockPayer({ stack: stack(), payer, scheme })
    paid += BigInt((await readAnswer(await pay(stack().chatUrl, post(chatBody())))).turnpike.charge)
  }
  expect((await chargedSoFar(stack())) - before).toBe(paid)
}
