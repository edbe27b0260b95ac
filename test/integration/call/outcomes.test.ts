import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { SimulatedFaults } from '../../../src/dev/simulated-provider/faults.ts'
import type { Scheme } from '../../../src/payment/types.ts'
import { chargeFor, chatBody, type ErrorAnswer, post, readAnswer, readError } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import {
  exactPayment,
  offerFor,
  sendPaid,
  signFor,
  uptoPayment,
  voucherPayment,
} from '../../support/wire-payment.ts'

let stack: Stack

beforeAll(async () => {
  stack = await startStack()
})
afterEach(() => stack.provider.setFaults())
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const offer = (scheme: Scheme, body: string) => offerFor({ stack, body, scheme })

async function newChannel() {
  const stock = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
  await readAnswer(await stock.pay(stack.chatUrl, post(chatBody())))
  stock.statuses()
  return stock
}

type CallView = {
  state: string
  outcome: string | null
  charge: string
  ceiling: string
  error_code: string | null
}

const lookUp = async (response: Response): Promise<CallView> => {
  const id = response.headers.get('x-call-id') ?? ''
  return (await (await fetch(`${stack.app.url}/v1/calls/${id}`)).json()) as CallView
}

const chunksIn = (text: string) =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)) as Record<string, unknown>)

/** Whatever breaks after five of its tokens were delivered. */
const BREAKS: readonly { name: string; faults: SimulatedFaults }[] = [
  { name: 'cuts the connection', faults: { cutAfter: 5 } },
  { name: 'sends an error', faults: { errorAfter: 5 } },
  { name: 'sends what is no JSON', faults: { malformedAfter: 5 } },
  { name: 'ends without a finish', faults: { endAfter: 5 } },
]

test.each(BREAKS)(
  'a provider that $name in the middle is paid for what was delivered',
  async ({ faults }) => {
    const { pay, statuses } = await newChannel()
    stack.provider.setFaults(faults)
    const calls = stack.provider.calls()
    const response = await pay(stack.chatUrl, post(chatBody({ stream: true })))
    const text = await response.text()
    expect(statuses()).toEqual([402, 200])
    expect(stack.provider.calls() - calls).toBe(1)
    expect(text).not.toContain('[DONE]')
    expect(chunksIn(text).at(-1)).toMatchObject({
      error: { code: 'upstream_interrupted', type: 'api_error' },
    })
    expect(text).toContain(': payment-response ')
    const call = await lookUp(response)
    expect(call).toMatchObject({ outcome: 'interrupted', error_code: 'upstream_interrupted' })
    expect(BigInt(call.charge)).toBeGreaterThan(0n)
    // Five tokens of a hundred and twenty: far from the ceiling.
    expect(BigInt(call.charge)).toBeLessThan(BigInt(call.ceiling) / 4n)
  },
)

test.each([
  { status: 400, answered: 400, code: 'upstream_rejected' },
  { status: 429, answered: 429, code: 'upstream_rate_limited' },
  { status: 503, answered: 502, code: 'upstream_error' },
] as const)(
  'a provider that answers $status at once costs nothing and shows no prompt',
  async ({ status, answered, code }) => {
    const { pay } = await newChannel()
    stack.provider.setFaults({ status, echoPrompt: true })
    const response = await pay(stack.chatUrl, post(chatBody({ question: 'My secret harbour?' })))
    expect(response.status).toBe(answered)
    expect(response.headers.get('x-should-retry')).toBe('false')
    const text = await response.clone().text()
    expect(text).not.toContain('secret harbour')
    expect((await readError(response)).code).toBe(code)
    expect(await lookUp(response)).toMatchObject({ state: 'released', charge: '0', error_code: code })
  },
)

test('a provider that never counts is counted for', async () => {
  const { pay } = await newChannel()
  stack.provider.setFaults({ missingUsage: true })
  const response = await pay(stack.chatUrl, post(chatBody({ stream: true })))
  const last = chunksIn(await response.text()).findLast((chunk) => 'turnpike' in chunk)
  expect(last).toMatchObject({ turnpike: { usage_estimated: true } })
  const call = await lookUp(response)
  expect(call.outcome).toBe('completed')
  // At least sixty tokens were delivered: 60 x $0.60 per million and five percent.
  expect(BigInt(call.charge)).toBeGreaterThanOrEqual(37n)
  expect(BigInt(call.charge)).toBeLessThan(BigInt(call.ceiling))
})

test('a provider that counts a hundredfold is not paid above the ceiling by the caller', async () => {
  const { pay } = await newChannel()
  stack.provider.setFaults({ usageFactor: 100 })
  const answer = await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  expect(chargeFor(answer)).toBeGreaterThan(BigInt(answer.turnpike.ceiling))
  expect(answer.turnpike.charge).toBe(answer.turnpike.ceiling)
})

test('a free model asks for no payment and writes no books', async () => {
  const before = await stack.app.trialBalance()
  const response = await fetch(stack.chatUrl, post(chatBody({ model: 'turnpike/free', stream: true })))
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('data: [DONE]')
  expect(await stack.app.trialBalance()).toEqual(before)
})

test('an allowance that Permit2 lacks is told with the call that gives it', async () => {
  const body = chatBody()
  const poor = await stack.newPayer({ approved: false })
  const calls = stack.provider.calls()
  const response = await sendPaid({
    stack,
    body,
    payment: uptoPayment({ offer: await offer('upto', body), payer: poor }),
  })
  expect(response.status).toBe(412)
  const { error } = (await response.json()) as ErrorAnswer
  expect(error.code).toBe('permit2_allowance_required')
  expect(error.next).toContain('approve(')
  expect(error.next).toContain(stack.usdc.address)
  expect(stack.provider.calls()).toBe(calls)
})

test('a payer without money is told so, in every scheme', async () => {
  const privateKey = generatePrivateKey()
  const account = privateKeyToAccount(privateKey)
  const nobody: Payer = { account, privateKey, address: account.address.toLowerCase() as Payer['address'] }
  const body = chatBody()
  const calls = stack.provider.calls()
  const spend = async (payment: unknown) => {
    const response = await sendPaid({ stack, body, payment })
    return `${response.status} ${((await response.json()) as ErrorAnswer).error.code}`
  }
  expect(
    await spend(exactPayment({ payer: nobody, asset: stack.usdc, offer: await offer('exact', body) })),
  ).toBe('402 payment_not_settled')
  expect(await spend(uptoPayment({ payer: nobody, offer: await offer('upto', body) }))).toBe(
    '412 permit2_allowance_required',
  )
  const accepted = await offer('batch-settlement', body)
  const unopened = voucherPayment({ offer: accepted, payer: nobody, maxAtomic: BigInt(accepted.amount) })
  expect(await spend(unopened)).toBe('402 channel_unknown')
  const { client } = stockPayer({ stack, payer: nobody, scheme: 'batch-settlement' })
  expect(await spend(await signFor({ stack, client, body }))).toBe('402 deposit_failed')
  expect(stack.provider.calls()).toBe(calls)
})
