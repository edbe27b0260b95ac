import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../../src/lib/limits.ts'
import { chatBody, post, readAnswer, readError, type Answered, type WireReceipt } from '../support/chat.ts'
import { type Payer, startStack, type Stack } from '../support/start-stack.ts'
import { decodeBase64, type StockPayer, stockPayer } from '../support/stock-payer.ts'
import { waitUntil } from '../support/wait-until.ts'
import { offerFor, sendPaid, voucherPayment } from '../support/wire-payment.ts'

let stack: Stack

beforeAll(async () => {
  // The settlement's timer stays quiet, so that what a call asks of the chain can be counted.
  stack = await startStack({ overrides: { sweepMs: 60_000 } })
})
afterEach(() => stack.provider.setFaults())
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

async function newClient(): Promise<StockPayer & { payer: Payer }> {
  const payer = await stack.newPayer()
  return { ...stockPayer({ stack, payer, scheme: 'batch-settlement' }), payer }
}

const call = async ({ pay }: StockPayer, fields: Parameters<typeof chatBody>[0] = {}): Promise<Answered> =>
  readAnswer(await pay(stack.chatUrl, post(chatBody(fields))))

const depositsOf = async ({ payer }: { payer: Payer }) =>
  (await stack.app.listTransactions()).filter(
    ({ purpose }) => purpose.kind === 'deposit' && purpose.payer === payer.address,
  )

const chargedBy = (answers: readonly Answered[]) =>
  answers.reduce((sum, { turnpike }) => sum + BigInt(turnpike.charge), 0n)

/** I1, I2 and I3 of every channel, as the database has them at this moment. */
async function expectChannelsCovered(): Promise<void> {
  const checks = await stack.app.checkLedger()
  expect(checks.find(({ name }) => name === 'channels_are_covered')).toMatchObject({ ok: true, rows: 0 })
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
}

/** The same while something runs: the rule has to hold at every moment, not only at the end. */
async function expectCoveredDuring<Value>(run: Promise<Value>): Promise<Value> {
  const done = new AbortController()
  const watch = async () => {
    do {
      await expectChannelsCovered()
      await sleep(1_000, undefined, { signal: done.signal }).catch(() => undefined)
    } while (!done.signal.aborted)
  }
  const [value] = await Promise.all([run.finally(() => done.abort()), watch()])
  return value
}

const channelStateIn = (answer: Answered | undefined) => answer?.receipt?.extra?.channelState ?? {}

/**
 * One call of a burst. A stock client gives up after its second corrective, which it gets only where it came back after its
 * turn: on a machine so busy that a turn was slept through, the agent asks again. In its turn nothing but 200 will do.
 */
async function callAgainIfLate(client: StockPayer): Promise<Answered> {
  const body = chatBody()
  for (let tries = 1; tries <= 3; tries += 1) {
    const response = await client.pay(stack.chatUrl, post(body))
    if (response.status !== 402) return readAnswer(response)
    const refused = client.exchanges.findLast(({ headers }) => sameRequest(headers, response.headers))
    const quote = refused?.payment?.accepted.extra['quote']
    const paid = client.exchanges.filter(({ payment }) => payment?.accepted.extra['quote'] === quote)
    const [corrected, late] = paid.map(({ answeredAtMs }) => answeredAtMs)
    expect(paid).toHaveLength(2)
    expect((late ?? 0) - (corrected ?? 0), 'a client in its turn was refused').toBeGreaterThan(
      LIMITS.turnMs * 0.6,
    )
  }
  throw new Error('Three turns were slept through.')
}

const sameRequest = (one: Headers, other: Headers) => one.get('x-request-id') === other.get('x-request-id')

test('a voucher call asks the chain nothing', async () => {
  const client = await newClient()
  await call(client)
  await stack.settleUntilQuiet()
  const { value, methods } = await stack.proxy.count(async () => {
    const answer = await call(client)
    // A wake of the settlement that would follow has the time to show itself.
    await sleep(200)
    return answer
  })
  expect(BigInt(value.turnpike.charge)).toBeGreaterThan(0n)
  // A second call on an open channel: the client signs a voucher, the server reads its own row.
  expect(methods).toEqual([])
  expect(client.statuses()).toEqual([402, 200, 402, 200])
})

test('a stock client that read a stream resynchronises with one more question and is served', async () => {
  const client = await newClient()
  const first = await call(client, { stream: true })
  expect(client.statuses()).toEqual([402, 200])
  expect(first.headerReceipt?.extra?.chargedAmount).toBe('0')
  expect(first.headerReceipt?.transaction).toMatch(/^0x[0-9a-f]{64}$/)

  const second = await call(client, { stream: true })
  expect(client.statuses()).toEqual([402, 402, 200])
  expect(second.headerReceipt).toBeUndefined()
  const third = await call(client)
  expect(client.statuses()).toEqual([402, 402, 200])

  const state = channelStateIn(third)
  expect(state['chargedCumulativeAmount']).toBe(chargedBy([first, second, third]).toString())
  expect(await depositsOf(client)).toHaveLength(1)
  await expectChannelsCovered()
})

test('a call that fails upstream costs nothing, and the same call is served afterwards', async () => {
  const client = await newClient()
  const opened = await call(client)
  client.statuses()
  const body = chatBody()
  stack.provider.setFaults({ status: 500 })
  const failed = await client.pay(stack.chatUrl, post(body))
  expect(client.statuses()).toEqual([402, 502])
  const error = await readError(failed)
  expect(error).toMatchObject({ code: 'upstream_error', type: 'api_error' })
  expect(failed.headers.get('x-should-retry')).toBe('false')
  const callId = failed.headers.get('x-call-id') ?? ''
  const told = (await (await fetch(`${stack.app.url}/v1/calls/${callId}`)).json()) as Record<string, unknown>
  expect(told).toMatchObject({ state: 'released', charge: '0', error_code: 'upstream_error' })

  stack.provider.setFaults()
  const answer = await readAnswer(await client.pay(stack.chatUrl, post(body)))
  expect(client.statuses()).toEqual([402, 200])
  expect(channelStateIn(answer)['chargedCumulativeAmount']).toBe(chargedBy([opened, answer]).toString())
  await expectChannelsCovered()
})

test('a deposit whose call fails upstream is told, kept, and used by the next call', async () => {
  const client = await newClient()
  stack.provider.setFaults({ status: 500 })
  const failed = await client.pay(stack.chatUrl, post(chatBody()))
  expect(client.statuses()).toEqual([402, 502])
  const receipt = decodeBase64(failed.headers.get('payment-response') ?? '') as WireReceipt
  expect(receipt).toMatchObject({ success: true, extra: { chargedAmount: '0' } })
  const [deposit] = await depositsOf(client)
  expect(receipt.transaction).toBe(deposit?.hash)
  expect(receipt.extra?.channelState?.['balance']).toBe('1000000')

  stack.provider.setFaults()
  await call(client)
  const [, paid] = client.exchanges
  expect(paid?.payment?.payload['type']).toBe('voucher')
  expect(client.statuses()).toEqual([402, 200])
  expect(await depositsOf(client)).toHaveLength(1)
  await expectChannelsCovered()
})

test('two vouchers of an own numbering that overtake each other are both served', async () => {
  const client = await newClient()
  const opened = await call(client)
  const base = BigInt(opened.turnpike.charge)
  const [early, late] = [chatBody(), chatBody()]
  const offers = {
    early: await offerFor({ stack, body: early, scheme: 'batch-settlement' }),
    late: await offerFor({ stack, body: late, scheme: 'batch-settlement' }),
  }
  const ceiling = BigInt(offers.early.amount)
  expect(BigInt(offers.late.amount)).toBe(ceiling)
  const { payer } = client
  const first = voucherPayment({ offer: offers.early, payer, maxAtomic: base + ceiling })
  const second = voucherPayment({ offer: offers.late, payer, maxAtomic: base + 2n * ceiling })

  stack.provider.setFaults({ headersDelayMs: 400 })
  const isBusy = () => stack.provider.running() === 1
  const overtaking = sendPaid({ stack, body: late, payment: second })
  await waitUntil({ what: 'the later call runs', isSo: isBusy })
  const overtaken = sendPaid({ stack, body: early, payment: first })
  const answers = await expectCoveredDuring(Promise.all([overtaking, overtaken]))
  const read = await Promise.all(answers.map((response) => readAnswer(response)))
  const cumulative = read.map((answer) => BigInt(channelStateIn(answer)['chargedCumulativeAmount'] ?? 0))
  expect(cumulative.reduce((a, b) => (a > b ? a : b))).toBe(chargedBy([opened, ...read]))
  await expectChannelsCovered()
})

test('a stock refund claims what was charged and brings the rest back to the payer', async () => {
  const client = await newClient()
  const answers = [await call(client), await call(client)]
  const charged = chargedBy(answers)
  const settled = await client.batch.refund(stack.chatUrl)
  expect(settled).toMatchObject({ success: true, amount: (1_000_000n - charged).toString() })
  const transactions = await stack.app.listTransactions()
  expect(transactions.find(({ hash }) => hash === settled.transaction)?.purpose.kind).toBe('channel-refund')
  await expectChannelsCovered()

  // Its next call finds the channel empty and fills it again.
  client.statuses()
  const again = await call(client)
  expect(client.statuses()).toEqual([402, 200])
  expect(channelStateIn(again)['chargedCumulativeAmount']).toBe(chargedBy([...answers, again]).toString())
  expect(await depositsOf(client)).toHaveLength(2)
})

test('a refund waits for the calls of its channel: 409 channel_busy, then 200', async () => {
  const client = await newClient()
  await call(client)
  stack.provider.setFaults({ headersDelayMs: 500 })
  const running = call(client)
  await waitUntil({ what: 'the call runs', isSo: () => stack.provider.running() === 1 })
  const refusals: { status: number; code: string }[] = []
  const listen = async (...[input, init]: Parameters<typeof fetch>) => {
    const response = await fetch(input, init)
    if (response.status !== 402) {
      refusals.push({ status: response.status, code: (await readError(response.clone())).code })
    }
    return response
  }
  await expect(client.batch.refund(stack.chatUrl, { fetch: listen })).rejects.toThrow('409')
  expect(refusals).toEqual([{ status: 409, code: 'channel_busy' }])
  await running
  await expect(client.batch.refund(stack.chatUrl)).resolves.toMatchObject({ success: true })
  await expectChannelsCovered()
})

test.each([
  { parallel: 10, isWarm: false },
  { parallel: 10, isWarm: true },
  { parallel: 20, isWarm: true },
])(
  '$parallel parallel calls of one stock client on one channel are all served (opened before: $isWarm)',
  async ({ parallel, isWarm }) => {
    const client = await newClient()
    const before = isWarm ? [await call(client)] : []
    client.statuses()
    stack.provider.setFaults({ headersDelayMs: 50 })
    const calls = Array.from({ length: parallel }, () => callAgainIfLate(client))
    const answers = await expectCoveredDuring(Promise.all(calls))
    expect(client.statuses().filter((status) => status === 200)).toHaveLength(parallel)
    expect(new Set(answers.map(({ callId }) => callId)).size).toBe(parallel)
    expect(await depositsOf(client)).toHaveLength(1)

    stack.provider.setFaults()
    const last = await call(client)
    const all = [...before, ...answers, last]
    expect(channelStateIn(last)['chargedCumulativeAmount']).toBe(chargedBy(all).toString())
    await expectChannelsCovered()
  },
)

test('claims bring exactly the sum of charges to the cold address', async () => {
  const client = await newClient()
  const before = await payToBalance()
  await stack.settleUntilQuiet()
  const settledBefore = await payToBalance()
  expect(settledBefore).toBeGreaterThanOrEqual(before)
  const answers = await Promise.all([call(client), call(client), call(client)])
  await stack.settleUntilQuiet()
  expect((await payToBalance()) - settledBefore).toBe(chargedBy(answers))
})

async function payToBalance(): Promise<bigint> {
  const data = `0x70a08231${stack.world.payTo.slice(2).padStart(64, '0')}`
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'eth_call',
    params: [{ to: stack.usdc.address, data }, 'latest'],
  }
  const response = await fetch(stack.rpcUrl, post(JSON.stringify(body)))
  return BigInt(((await response.json()) as { result: string }).result)
}
