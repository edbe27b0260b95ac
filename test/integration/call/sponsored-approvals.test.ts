import { encodeFunctionData, maxUint256, parseAbi, parseTransaction } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payingFetch } from '../../../src/client/paying-fetch.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { PERMIT2 } from '../../../src/payment/tokens/contracts.ts'
import type { Hex, Scheme } from '../../../src/payment/types.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import { sendPaid, signFor } from '../../support/wire-payment.ts'

const APPROVAL = 'erc20ApprovalGasSponsoring'
const PER_DAY = 100
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ environment: { TURNPIKE_SPONSORED_APPROVALS: String(PER_DAY) } })
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const chain = () => devClient({ rpcUrl: stack.rpcUrl })
const coins = (payer: Pick<Payer, 'address'>) => chain().getBalance({ address: payer.address })
const setCoins = (payer: Pick<Payer, 'address'>, value: bigint) =>
  chain().setBalance({ address: payer.address, value })

/** Somebody with USDT, and with neither an allowance nor coins. */
async function newPayer(wei = 0n): Promise<Payer> {
  const payer = await stack.newPayer({ approved: false })
  await setCoins(payer, wei)
  return payer
}

const rows = async (kind: string, payer: Payer) =>
  (await stack.app.listTransactions()).filter(
    ({ purpose }) => purpose.kind === kind && 'payer' in purpose && purpose.payer === payer.address,
  )

type Signed = { readonly payer: Payer; readonly body: string; readonly payment: WirePayment }

/** A payment with its approval, signed by the published client and not sent. */
async function signed({
  wei = 0n,
  scheme = 'exact',
}: { wei?: bigint; scheme?: Scheme } = {}): Promise<Signed> {
  const payer = await newPayer(wei)
  const { client } = stockPayer({ stack, payer, scheme, asset: stack.usdt })
  const body = chatBody()
  return { payer, body, payment: await signFor({ stack, client, body }) }
}

const infoOf = ({ extensions }: WirePayment) =>
  (extensions?.[APPROVAL] as { info: Record<string, string> } | undefined)?.info ?? {}
const send = ({ body, payment }: Signed) => sendPaid({ stack, body, payment })
const refusal = async (given: Signed) => readError(await send(given))

const approveData = (spender: Hex = PERMIT2, amount = maxUint256) =>
  encodeFunctionData({
    abi: parseAbi(['function approve(address spender, uint256 amount)']),
    functionName: 'approve',
    args: [spender, amount],
  })

/** The same payment with an approval that its payer signed otherwise. */
async function withApproval(
  given: Signed,
  change: Record<string, unknown>,
  key: Payer = given.payer,
): Promise<Signed> {
  const {
    r: _r,
    s: _s,
    v: _v,
    yParity: _y,
    ...plain
  } = parseTransaction(infoOf(given.payment)['signedTransaction'] as `0x02${string}`)
  const payment = structuredClone(given.payment)
  infoOf(payment)['signedTransaction'] = await key.account.signTransaction({ ...plain, ...change } as never)
  return { ...given, payment }
}

test.each(['exact', 'upto', 'batch-settlement'] as const)(
  'the published client pays %s in USDT from a wallet without coins: gift, approval and payment are three transactions',
  async (scheme) => {
    const payer = await newPayer()
    const { pay, exchanges } = stockPayer({ stack, payer, scheme, asset: stack.usdt })
    const answer = await readAnswer(await pay(stack.chatUrl, post(chatBody())))
    expect(answer.status).toBe(200)
    expect(Object.keys(exchanges.at(-1)?.payment?.extensions ?? {})).toContain(APPROVAL)
    const [gift, ...others] = await rows('gas-gift', payer)
    const [approval] = await rows('approval', payer)
    expect(others).toEqual([])
    const raw = parseTransaction(
      infoOf(exchanges.at(-1)?.payment as WirePayment)['signedTransaction'] as `0x02${string}`,
    )
    // What the payer is given is what the chain demands of it, and not a wei more.
    expect(gift?.purpose).toMatchObject({
      wei: String((raw.gas ?? 0n) * (raw.maxFeePerGas ?? 0n)),
    })
    expect(approval?.lane).toMatchObject({ role: 'payer', address: payer.address })
    expect(await chain().getTransactionCount({ address: payer.address })).toBe(1)
  },
)

test('our own client does the same by itself, over what it releases and no more', async () => {
  const payer = await newPayer()
  const { options } = clientOf(payer)
  const pay = payingFetch(payer.account, { schemes: ['exact'], assets: [stack.usdt], ...options } as never)
  expect((await pay(stack.chatUrl, post(chatBody()))).status).toBe(200)
  expect(await rows('gas-gift', payer)).toHaveLength(1)
})
const clientOf = (payer: Payer) => ({
  options: { approvals: { client: devClient({ rpcUrl: stack.rpcUrl, account: payer.account }) } },
})

test('a payer with coins of its own is given none', async () => {
  const given = await signed({ wei: 10n ** 18n })
  expect((await send(given)).status).toBe(200)
  expect(await rows('gas-gift', given.payer)).toEqual([])
  expect(await rows('approval', given.payer)).toHaveLength(1)
})

test('the same payment again, at once or later, is funded once', async () => {
  const given = await signed()
  const statuses = (await Promise.all([1, 2, 3, 4].map(() => send(given)))).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  expect((await send(given)).status).toBe(409)
  expect(await rows('gas-gift', given.payer)).toHaveLength(1)
})

test('calls that a payer makes at the same time share one approval, also where they offer other fees for it', async () => {
  const first = await signed()
  const { client } = stockPayer({ stack, payer: first.payer, scheme: 'exact', asset: stack.usdt })
  const others = await Promise.all(
    [1n, 2n].map(async (more) => {
      const body = chatBody()
      const given = { payer: first.payer, body, payment: await signFor({ stack, client, body }) }
      const raw = infoOf(given.payment)['signedTransaction'] as `0x02${string}`
      const { maxFeePerGas = 0n } = parseTransaction(raw)
      return withApproval(given, { maxFeePerGas: maxFeePerGas + more })
    }),
  )
  const answers = await Promise.all([first, ...others].map(send))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(await rows('gas-gift', first.payer)).toHaveLength(1)
  expect(await chain().getTransactionCount({ address: first.payer.address })).toBe(1)
})

test('an approval that was used up is no second one', async () => {
  const given = await signed()
  const exactly = approveData(PERMIT2, BigInt(given.payment.accepted.amount))
  const small = await withApproval(given, { data: exactly })
  expect((await send(small)).status).toBe(200)
  const { client } = stockPayer({ stack, payer: given.payer, scheme: 'exact', asset: stack.usdt })
  const body = chatBody()
  const payment = await signFor({ stack, client, body })
  infoOf(payment)['signedTransaction'] = infoOf(small.payment)['signedTransaction'] ?? ''
  expect((await refusal({ payer: given.payer, body, payment }))['reason']).toBe('approval_used_up')
  expect(await rows('gas-gift', given.payer)).toHaveLength(1)
})

const LIES: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['for another chain', { chainId: 1 }, 'approval_wrong_chain'],
  ['to another token', { to: `0x${'11'.repeat(20)}` }, 'approval_wrong_token'],
  ['for another spender', { data: approveData(`0x${'11'.repeat(20)}`) }, 'approval_wrong_spender'],
  ['over too little', { data: approveData(PERMIT2, 1n) }, 'approval_too_small'],
  ['with bytes after the call', { data: `${approveData()}00` }, 'approval_unreadable'],
  ['with another call', { data: `0xa9059cbb${approveData().slice(10)}` }, 'approval_unreadable'],
  ['with coins', { value: 1n }, 'approval_moves_coins'],
  ['with an access list', { accessList: [{ address: PERMIT2, storageKeys: [] }] }, 'approval_unreadable'],
  ['with much gas', { gas: 5_000_000n }, 'approval_gas_too_high'],
  ['with too little gas', { gas: 22_000n }, 'approval_gas_too_low'],
  ['with a later nonce', { nonce: 1 }, 'approval_nonce_wrong'],
  ['with a huge fee', { maxFeePerGas: 10n ** 12n }, 'approval_fee_too_high'],
  ['with a fee of nothing', { maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }, 'approval_fee_too_low'],
  [
    'of the old form',
    { type: 'legacy', maxFeePerGas: undefined, maxPriorityFeePerGas: undefined, gasPrice: 10n ** 9n },
    'approval_unreadable',
  ],
]

test('an approval that is none, or asks for more than it needs, is refused before anything is sent, with what to do', async () => {
  const given = await signed()
  for (const [name, change, reason] of LIES) {
    const error = await refusal(await withApproval(given, change))
    expect([name, error.code, error['reason']]).toEqual([name, 'permit2_allowance_required', reason])
    expect(error['next']).toBeTruthy()
  }
  const stranger = await newPayer()
  const stolen = await refusal(await withApproval(given, {}, stranger))
  expect(stolen['reason']).toBe('approval_wrong_sender')
  expect(await rows('gas-gift', given.payer)).toEqual([])
  expect(await coins(given.payer)).toBe(0n)
})

const FIELDS: readonly (readonly [string, string, string])[] = [
  ['from', `0x${'11'.repeat(20)}`, 'offer_mismatch'],
  ['asset', `0x${'11'.repeat(20)}`, 'offer_mismatch'],
  ['spender', `0x${'11'.repeat(20)}`, 'offer_mismatch'],
  ['amount', '1', 'offer_mismatch'],
  ['signedTransaction', 'junk', 'payment_malformed'],
  ['signedTransaction', `0x${'02'.repeat(600)}`, 'payment_malformed'],
]

test('what is said of an approval has to fit the payment', async () => {
  const given = await signed()
  for (const [field, value, code] of FIELDS) {
    const payment = structuredClone(given.payment)
    infoOf(payment)[field] = value
    expect([field, (await refusal({ ...given, payment })).code]).toEqual([field, code])
  }
})

test('a payer whose tokens do not suffice, whose allowance is in the way, or who acts as a contract gets no gas', async () => {
  const poor = await signed()
  await moveAll(poor.payer)
  expect((await refusal(poor)).code).toBe('insufficient_funds')

  const halfway = await signed({ wei: 10n ** 18n })
  const client = devClient({ rpcUrl: stack.rpcUrl, account: halfway.payer.account })
  await client.waitForTransactionReceipt({
    hash: await client.sendTransaction({ to: stack.usdt.address, data: approveData(PERMIT2, 1n) }),
  })
  await setCoins(halfway.payer, 0n)
  expect((await refusal(await withApproval(halfway, { nonce: 1 })))['reason']).toBe('approval_reverts')

  const contract = await signed()
  await chain().setCode({ address: contract.payer.address, bytecode: `0xef0100${PERMIT2.slice(2)}` })
  expect((await refusal(contract))['reason']).toBe('approval_payer_has_code')
  for (const { payer } of [poor, halfway, contract]) expect(await rows('gas-gift', payer)).toEqual([])
})

async function moveAll(payer: Payer): Promise<void> {
  await setCoins(payer, 10n ** 18n)
  const client = devClient({ rpcUrl: stack.rpcUrl, account: payer.account })
  const abi = parseAbi(['function transfer(address to, uint256 amount)'])
  const data = encodeFunctionData({ abi, functionName: 'transfer', args: [PERMIT2, 10_000_000n] })
  await client.waitForTransactionReceipt({
    hash: await client.sendTransaction({ to: stack.usdt.address, data }),
  })
  await setCoins(payer, 0n)
}
