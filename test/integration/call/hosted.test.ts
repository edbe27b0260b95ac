import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { type HostedServer, openHostedFacilitator } from '../../support/hosted-facilitator.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'
import { NETWORK, startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'

let stack: Stack
let facilitator: HostedServer

const hostedAt = (url: string, rpcUrl: string) => ({
  networks: [
    {
      network: NETWORK,
      rpcUrls: [rpcUrl],
      finality: { kind: 'depth', blocks: 0 } as const,
      hosted: { url, headersFor: async () => ({ authorization: 'Bearer of this test' }) },
    },
  ],
})

beforeAll(async () => {
  facilitator = await openHostedFacilitator()
  stack = await startStack({
    overrides: ({ chain }) => ({ ...hostedAt(facilitator.url, chain.rpcUrl), sweepMs: 60_000 }),
  })
  await facilitator.join(stack.rpcUrl)
})
beforeEach(() => {
  facilitator.setMode('honest')
  facilitator.asked.length = 0
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
  await facilitator.close()
})

const paths = () => facilitator.asked.map(({ path }) => path)
const oursOfKind = async (kind: string) =>
  (await stack.app.listTransactions()).filter(({ purpose }) => purpose.kind === kind)

test.each(['usdc', 'usdt'] as const)(
  'exact in %s is brought by the facilitator, and the call is served',
  async (token) => {
    const payer = await stack.newPayer()
    const before = (await oursOfKind('exact')).length
    const { pay } = stockPayer({ stack, payer, scheme: 'exact', asset: stack[token] })
    const answer = await readAnswer(await pay(stack.chatUrl, post(chatBody())))
    expect(answer.status).toBe(200)
    expect(paths()).toEqual(['/verify', '/settle'])
    for (const { authorization, body } of facilitator.asked) {
      expect(authorization).toBe('Bearer of this test')
      // It learns of the payment, and nothing of what is paid for.
      expect(body).not.toContain('harbour')
      expect(body).not.toContain('chat')
    }
    expect(await oursOfKind('exact')).toHaveLength(before)
    expect(answer.receipt?.transaction).toMatch(/^0x[0-9a-f]{64}$/)
  },
)

test('a facilitator that settles and says nothing has settled', async () => {
  facilitator.setMode('silent')
  const payer = await stack.newPayer()
  const { pay } = stockPayer({ stack, payer, scheme: 'exact' })
  expect((await readAnswer(await pay(stack.chatUrl, post(chatBody())))).status).toBe(200)
  expect(paths()).toEqual(['/verify', '/settle'])
})

test('one that is away is stepped in for by our own signer', async () => {
  facilitator.setMode('away')
  const payer = await stack.newPayer()
  const before = (await oursOfKind('exact')).length
  const { pay } = stockPayer({ stack, payer, scheme: 'exact' })
  expect((await readAnswer(await pay(stack.chatUrl, post(chatBody())))).status).toBe(200)
  expect(await oursOfKind('exact')).toHaveLength(before + 1)
})

test('what it refuses was not settled, and the payer learns why', async () => {
  const payer = await stack.newPayer({ usdc: 1n })
  const { pay } = stockPayer({ stack, payer, scheme: 'exact' })
  const response = await pay(stack.chatUrl, post(chatBody()))
  expect(response.status).toBe(402)
  expect(await readError(response)).toMatchObject({
    code: 'payment_not_settled',
    reason: 'insufficient_balance',
  })
  expect(paths()).toEqual(['/verify'])
})

test('a facilitator that does not know the network stops the start', async () => {
  await fillLedgerFolder(`${stack.ledgerFolder}-second`)
  const [network] = hostedAt(facilitator.url, stack.rpcUrl).networks
  if (!network) throw new Error('There is a network.')
  const start = stack.openInstance({
    place: { dataDirectory: `${stack.ledgerFolder}-second` },
    networks: [{ ...network, network: 'eip155:8453' }],
    checksTokens: false,
  })
  await expect(start).rejects.toThrow(/does not support exact on eip155:8453/)
})
