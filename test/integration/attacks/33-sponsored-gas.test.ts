import { encodeFunctionData, parseAbi } from 'viem'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { PERMIT2 } from '../../../src/payment/tokens/contracts.ts'
import type { CrashPoint } from '../../../src/settlement/crash-points.ts'
import { chatBody, readError } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import { sendPaid, signFor } from '../../support/wire-payment.ts'

// Whoever is given coins for an approval may do with them what it likes, and a server may die between any two of the three
// transactions. Neither must cost more than one gift, or leave the books wrong.

const APPROVAL = 'erc20ApprovalGasSponsoring'
let stack: Stack
let crashAt: CrashPoint | undefined
/** Of one network within a day; `undefined` is no limit. */
let maxPerDayWei: bigint | undefined

beforeAll(async () => {
  stack = await startStack({
    environment: { TURNPIKE_SPONSORED_APPROVALS: '100' },
    finalityBlocks: 2,
    overrides: {
      sweepMs: 60_000,
      gasOf: () => ({ maxShareBps: 10_000n, ...(maxPerDayWei === undefined ? {} : { maxPerDayWei }) }),
      reach(point) {
        if (point !== crashAt) return
        crashAt = undefined
        throw new Error(`The process ends at ${point}.`)
      },
    },
  })
})
afterEach(() => {
  crashAt = undefined
  maxPerDayWei = undefined
  stack.proxy.restore()
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

type Signed = { readonly payer: Payer; readonly body: string; readonly payment: WirePayment }

async function signedBy(payer: Payer): Promise<Signed> {
  const { client } = stockPayer({ stack, payer, scheme: 'exact', asset: stack.usdt })
  const body = chatBody()
  return { payer, body, payment: await signFor({ stack, client, body }) }
}
const setCoins = ({ address }: Payer, value: bigint) =>
  devClient({ rpcUrl: stack.rpcUrl }).setBalance({ address, value })
async function signed(): Promise<Signed> {
  const payer = await stack.newPayer({ approved: false })
  await setCoins(payer, 0n)
  return signedBy(payer)
}
const infoOf = ({ extensions = {} }: WirePayment) =>
  (extensions[APPROVAL] as { info: { signedTransaction: string } }).info
const approvalOf = ({ payment }: Signed) => infoOf(payment).signedTransaction
const send = ({ body, payment }: Signed) => sendPaid({ stack, body, payment })
const rows = async (kind: string, { address }: Payer) =>
  (await stack.app.listTransactions()).filter(
    ({ purpose }) => purpose.kind === kind && 'payer' in purpose && purpose.payer === address,
  )

/** Does something the moment before the server's approval reaches the chain. */
function justBefore(given: Signed, act: () => Promise<unknown>): void {
  let isDone = false
  stack.proxy.setOverride(async ({ method, params }) => {
    if (isDone || method !== 'eth_sendRawTransaction' || params[0] !== approvalOf(given)) return undefined
    isDone = true
    await act()
    return undefined
  })
}

/** A transaction of the payer's own, with the coins that it was given. */
async function spend({ account }: Payer, to: `0x${string}`, data: `0x${string}` = '0x'): Promise<void> {
  const client = devClient({ rpcUrl: stack.rpcUrl, account })
  await client.waitForTransactionReceipt({
    hash: await client.sendTransaction({ to, data, value: 1n, gas: 60_000n, nonce: 0 }),
  })
}

test('coins that are spent on something else: the payer is told, nothing of the payment moves, and it is given none again', async () => {
  const given = await signed()
  const { payer } = given
  const before = await devClient({ rpcUrl: stack.rpcUrl }).getBalance({ address: payer.address })
  justBefore(given, () => spend(payer, `0x${'77'.repeat(20)}`))
  const error = await readError(await send(given))
  expect([error.code, error['reason']]).toEqual(['permit2_allowance_required', 'approval_overtaken'])
  expect(before).toBe(0n)
  await stack.settleUntilQuiet()
  expect((await rows('approval', payer)).map(({ state }) => state)).toEqual(['failed'])
  expect(await rows('exact', payer)).toEqual([])

  await setCoins(payer, 0n)
  const again = await readError(await send(await signedBy(payer)))
  expect(again['reason']).toBe('sponsored_in_vain')
  expect(await rows('gas-gift', payer)).toHaveLength(1)
})

test('tokens that leave between the approval and the payment: the payment is refused, and the approval is not paid for again', async () => {
  const given = await signed()
  const { payer } = given
  const approved = async () => (await rows('approval', payer))[0]?.state === 'seen'
  stack.proxy.setOverride(async ({ method, params }) => {
    const call = params[0] as { to?: string } | undefined
    if (method !== 'eth_estimateGas' || !(await approved())) return undefined
    if (call?.to === stack.usdt.address) return undefined
    stack.proxy.restore()
    await setCoins(payer, 10n ** 18n)
    const abi = parseAbi(['function transfer(address to, uint256 amount)'])
    const data = encodeFunctionData({ abi, functionName: 'transfer', args: [PERMIT2, 10_000_000n] })
    const client = devClient({ rpcUrl: stack.rpcUrl, account: payer.account })
    await client.waitForTransactionReceipt({
      hash: await client.sendTransaction({ to: stack.usdt.address, data }),
    })
    return undefined
  })
  const error = await readError(await send(given))
  expect(['payment_not_settled', 'insufficient_funds']).toContain(error.code)
  expect(await rows('gas-gift', payer)).toHaveLength(1)
  const second = await readError(await send(given))
  expect(['payment_not_settled', 'insufficient_funds']).toContain(second.code)
  expect(await rows('gas-gift', payer)).toHaveLength(1)
})

test.each(['signed', 'broadcast'] as const)(
  'a process that ends at %s: the rows are there, a new one finishes them, and the same payment is served with one gift',
  async (point) => {
    const given = await signed()
    crashAt = point
    const broken = await send(given)
    expect(broken.status).toBeGreaterThanOrEqual(500)
    const [gift] = await rows('gas-gift', given.payer)
    const [approval] = await rows('approval', given.payer)
    expect(approval?.raw).toBe(approvalOf(given))
    expect(approval?.purpose).toMatchObject({ giftId: gift?.id })
    expect(await rows('exact', given.payer)).toEqual([])
    await stack.restart()
    await stack.settleUntilQuiet()
    expect((await rows('approval', given.payer))[0]?.state).toBe('final')
    expect((await send(given)).status).toBe(200)
    expect(await rows('gas-gift', given.payer)).toHaveLength(1)
  },
)

test('while a first approval is on its way, one of another token waits: a payer has one nonce', async () => {
  const given = await signed()
  const { payer } = given
  const { client } = stockPayer({ stack, payer, scheme: 'upto' })
  const body = chatBody()
  const other = { payer, body, payment: await signFor({ stack, client, body }) }
  let second: Response | undefined
  justBefore(given, async () => {
    second = await send(other)
  })
  expect((await send(given)).status).toBe(200)
  const error = await readError(second ?? Response.error())
  expect([second?.status, error.code]).toEqual([503, 'approval_pending'])
  expect(await rows('gas-gift', payer)).toHaveLength(1)
})

test('no coins beyond the day’s gas, none where the chain cannot be asked, and none after a start that allows fewer', async () => {
  const given = await signed()
  maxPerDayWei = 1n
  expect((await readError(await send(given)))['reason']).toBe('gas_budget_spent')
  maxPerDayWei = undefined
  stack.proxy.setOverride(({ method }) =>
    method === 'eth_feeHistory' ? { error: { code: -32_000, message: 'no' } } : undefined,
  )
  expect((await send(given)).status).toBe(503)
  stack.proxy.restore()
  // What was given before is in the rows, not in the process.
  await stack.restart({ sponsoredApprovalsPerDay: 1 })
  expect((await readError(await send(given)))['reason']).toBe('sponsored_enough_today')
  expect(await rows('gas-gift', given.payer)).toEqual([])
})
