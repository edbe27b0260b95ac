import { afterAll, beforeAll, expect, test } from 'vitest'
import { devTerms } from '../../../src/app/options/defaults.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import type { Asset, Scheme, Terms } from '../../../src/payment/types.ts'
import { type BridgedToken, deployBridgedToken } from '../../support/bridged-token.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { askPrice } from '../../support/wire-payment.ts'

let stack: Stack
let tokens: Readonly<Record<'salted' | 'wide', BridgedToken>>

const termsWith = (assets: readonly Asset[]): Terms => ({
  ...devTerms({ config: readConfig({}), world: stack.world }),
  assets,
})
const offered = async (): Promise<ReadonlySet<string>> => {
  const { accepts } = await askPrice({ stack, body: chatBody() })
  return new Set(accepts.map(({ asset }) => asset.toLowerCase()))
}

/** A start beside the running one, over a ledger of its own. */
const second = (assets: readonly Asset[]) =>
  stack.openInstance({ terms: termsWith(assets), place: { dataDirectory: `${stack.ledgerFolder}-second` } })

beforeAll(async () => {
  stack = await startStack({ overrides: { sweepMs: 60_000 } })
  const { rpcUrl } = stack
  tokens = {
    salted: await deployBridgedToken({ rpcUrl, decimals: 6, isSalted: true }),
    wide: await deployBridgedToken({ rpcUrl, decimals: 18, isSalted: false }),
  }
  const { salted, wide } = tokens
  await fillLedgerFolder(`${stack.ledgerFolder}-second`)
  await stack.restart({ terms: termsWith([stack.usdc, stack.usdt, salted.asset, wide.asset]) })
})
afterAll(() => stack.close())

test.each([
  ['salted', 'batch-settlement'],
  ['salted', 'exact'],
  ['wide', 'batch-settlement'],
  ['wide', 'upto'],
  ['wide', 'exact'],
] as const satisfies readonly (readonly [keyof typeof tokens, Scheme])[])(
  'a stock client pays in a token of the %s kind by %s',
  async (kind, scheme) => {
    const token = tokens[kind]
    const payer = await stack.newPayer()
    await token.fund(payer, 10n)
    const { pay } = stockPayer({ stack, payer, scheme, asset: token.asset })
    const first = await readAnswer(await pay(stack.chatUrl, post(chatBody())))
    expect(first.turnpike.asset.toLowerCase()).toBe(token.asset.address)
    expect(BigInt(first.turnpike.charge)).toBeGreaterThan(0n)
    // Cents: a hundredth of a dollar in either number of decimals.
    expect(BigInt(first.turnpike.charge)).toBeLessThan(10n ** BigInt(token.asset.decimals - 2))
    const second = await readAnswer(await pay(stack.chatUrl, post(chatBody())))
    expect(second.status).toBe(200)
  },
)

test('ledger and chain agree to the unit in every token', async () => {
  await stack.expectCleanBooks()
})

test('a row that nobody has verified is offered where the chain confirms it, and left out where it does not', async () => {
  const { eip712: _, ...usdc } = stack.usdc
  const { salted, wide } = tokens
  await stack.restart({
    terms: termsWith([
      // Its domain is read from the chain.
      { ...usdc, isUnconfirmed: true },
      { ...salted.asset, isUnconfirmed: true },
      { ...wide.asset, decimals: 6, isUnconfirmed: true },
    ]),
  })
  expect(await offered()).toEqual(new Set([usdc.address, salted.asset.address]))
  const document = await (await fetch(`${stack.app.url}/.well-known/x402`)).text()
  expect(document).not.toContain(wide.asset.address)
  const payer = await stack.newPayer()
  const { pay } = stockPayer({ stack, payer, scheme: 'exact' })
  expect((await readAnswer(await pay(stack.chatUrl, post(chatBody())))).status).toBe(200)
})

test('a wrong row that is not marked so stops the start, and so does a network of which nothing is left', async () => {
  const wrong = { ...tokens.wide.asset, decimals: 6 }
  await expect(second([stack.usdc, wrong])).rejects.toThrow(/has 18 decimals.*to 18/)
  await expect(second([{ ...wrong, isUnconfirmed: true }])).rejects.toThrow(/No token on eip155:84532/)
})

test('a token that changes its domain is another token until somebody has looked at it', async () => {
  const { salted } = tokens
  await stack.restart({ terms: termsWith([stack.usdc, salted.asset]) })
  expect(await offered()).toContain(salted.asset.address)
  await salted.rename('USDT0 v2')
  await expect(second([stack.usdc, salted.asset])).rejects.toThrow(
    /not name "USDT0", version "1", salted.*name "USDT0 v2".*leave its domain out/,
  )
})
