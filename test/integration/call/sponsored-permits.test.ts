import { decodeFunctionData, parseTransaction } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { devTerms } from '../../../src/app/options/defaults.ts'
import { uptoProxyPermitAbi } from '../../../src/chain/abi.ts'
import { payingFetch } from '../../../src/client/paying-fetch.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer, type WirePayment } from '../../support/stock-payer.ts'
import { askPrice, sendPaid, signFor } from '../../support/wire-payment.ts'

const PERMIT = 'eip2612GasSponsoring'
/** More than the tests below need; one of them allows fewer. */
const PER_DAY = 20
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ environment: { TURNPIKE_SPONSORED_PERMITS: String(PER_DAY) } })
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const newPayer = () => stack.newPayer({ approved: false })
const gasBooked = async () =>
  (await stack.app.trialBalance())
    .filter(({ account }) => account === 'expense:gas')
    .reduce((sum, { balance }) => sum + balance, 0n)
const chain = () => devClient({ rpcUrl: stack.rpcUrl })
/** A payment with its permit, signed by the published client and not sent. */
async function signed(): Promise<{ body: string; payment: WirePayment }> {
  const { client } = stockPayer({ stack, payer: await newPayer(), scheme: 'upto' })
  const body = chatBody()
  return { body, payment: await signFor({ stack, client, body }) }
}
const infoOf = ({ extensions }: WirePayment) =>
  (extensions?.[PERMIT] as { info: Record<string, string> } | undefined)?.info ?? {}

test('the published client pays upto without an allowance; permit and payment are one transaction, its gas is booked', async () => {
  await stack.settleUntilQuiet()
  const before = await gasBooked()
  const { pay, exchanges } = stockPayer({ stack, payer: await newPayer(), scheme: 'upto' })
  const answer = await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  expect(answer.status).toBe(200)
  const announced = decodeExtensions(exchanges[0]?.headers.get('payment-required') ?? '')
  expect(announced).toMatchObject({ [PERMIT]: { info: { version: '1' }, schema: { type: 'object' } } })

  await stack.settleUntilQuiet()
  const [settled] = await stack.app.listTransactions()
  const { data = '0x' } = parseTransaction(settled?.raw ?? '0x')
  const { functionName, args } = decodeFunctionData({ abi: uptoProxyPermitAbi, data })
  expect([functionName, args[2]]).toEqual(['settleWithPermit', BigInt(answer.turnpike.charge)])
  const receipt = await chain().getTransactionReceipt({ hash: settled?.hash ?? '0x' })
  expect(receipt.status).toBe('success')
  expect((await gasBooked()) - before).toBe(receipt.gasUsed * receipt.effectiveGasPrice)
})

const decodeExtensions = (header: string): unknown =>
  (JSON.parse(Buffer.from(header, 'base64').toString()) as { extensions: unknown }).extensions

test('our own client signs the permit by itself, over exactly what the payment permits', async () => {
  const payer = await newPayer()
  const pay = payingFetch(payer.account, {
    schemes: ['upto'],
    approvals: { client: devClient({ rpcUrl: stack.rpcUrl, account: payer.account }) },
  })
  expect((await pay(stack.chatUrl, post(chatBody()))).status).toBe(200)
  expect(await chain().getTransactionCount({ address: payer.address })).toBe(0)
})

test('a permit pays for one call at a time: a second with the same nonce is not served on credit', async () => {
  const { client } = stockPayer({ stack, payer: await newPayer(), scheme: 'upto' })
  const calls = await Promise.all(
    [1, 2].map(async () => {
      const body = chatBody()
      return { body, payment: await signFor({ stack, client, body }) }
    }),
  )
  expect(new Set(calls.map(({ payment }) => infoOf(payment)['nonce']))).toEqual(new Set(['0']))
  const answers = await Promise.all(calls.map((call) => sendPaid({ stack, ...call })))
  const statuses = answers.map(({ status }) => status).toSorted()
  expect(statuses[0]).toBe(200)
  const refused = await readError(answers.find(({ status }) => status !== 200) ?? Response.error())
  expect(['exposure_exceeded', 'permit2_allowance_required']).toContain(refused.code)
})

const LIES: readonly (readonly [field: string, value: string, code: string])[] = [
  ['from', `0x${'11'.repeat(20)}`, 'offer_mismatch'],
  ['asset', `0x${'11'.repeat(20)}`, 'offer_mismatch'],
  ['spender', `0x${'11'.repeat(20)}`, 'offer_mismatch'],
  ['amount', '1', 'offer_mismatch'],
  ['deadline', '1000', 'payment_expired'],
  ['nonce', '7', 'signature_invalid'],
  ['signature', `0x${'22'.repeat(65)}`, 'signature_invalid'],
  ['signature', 'junk', 'payment_malformed'],
]

test('a permit that is not the payer’s for this payment is refused before the chain is asked, and none is counted', async () => {
  const { body, payment } = await signed()
  for (const [field, value, code] of LIES) {
    const changed = structuredClone(payment)
    infoOf(changed)[field] = value
    const error = await readError(await sendPaid({ stack, body, payment: changed }))
    expect([field, error.code]).toEqual([field, code])
  }
  const without = structuredClone(payment)
  delete without.extensions?.[PERMIT]
  const { status } = await sendPaid({ stack, body, payment: without })
  expect(status).toBe(412)
})

test.each(['exact', 'batch-settlement'] as const)(
  'a token with permits that only Permit2 moves: the published client pays %s without an allowance, in one transaction',
  async (scheme) => {
    const asset = { ...stack.usdc, transfer: 'permit2' } as const
    const terms = {
      ...devTerms({ config: readConfig({}), world: stack.world }),
      sponsorsPermits: true,
    } as const
    await stack.settleUntilQuiet()
    await stack.restart({ terms: { ...terms, assets: [asset] } })
    const payer = await newPayer()
    const { pay, exchanges, statuses } = stockPayer({ stack, payer, scheme })
    expect((await pay(stack.chatUrl, post(chatBody()))).status).toBe(200)
    const paid = exchanges.at(-1)?.payment
    expect(Object.keys(paid?.extensions ?? {})).toContain(PERMIT)
    expect(await chain().getTransactionCount({ address: payer.address })).toBe(0)
    const [funding] = await stack.app.listTransactions()
    expect(funding?.purpose.kind).toBe(scheme === 'exact' ? 'exact' : 'deposit')
    statuses()
    // What it has deposited, or the next permit, pays for the next call.
    expect((await pay(stack.chatUrl, post(chatBody()))).status).toBe(200)
  },
)

test('no more are sponsored than the operator allows; the payer is told what it can do instead', async () => {
  await stack.settleUntilQuiet()
  await stack.restart({ sponsoredPermitsPerDay: 1 })
  const first = await signed()
  expect((await sendPaid({ stack, ...first })).status).toBe(200)
  const next = await signed()
  const refused = await sendPaid({ stack, ...next })
  expect(refused.status).toBe(412)
  const error = await readError(refused)
  expect(error.code).toBe('permit2_allowance_required')
  expect(error.message).toContain('sponsored_enough_today')
})

test('an operator that sponsors none announces none and takes none', async () => {
  const { payment, body } = await signed()
  await stack.settleUntilQuiet()
  await stack.restart({
    sponsoredPermitsPerDay: 0,
    terms: devTerms({ config: readConfig({}), world: stack.world }),
  })
  const { extensions } = await askPrice({ stack, body })
  expect(Object.keys(extensions ?? {})).not.toContain(PERMIT)
  expect((await sendPaid({ stack, body, payment })).status).toBe(412)
})
