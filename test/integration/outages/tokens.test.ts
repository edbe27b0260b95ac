import { afterAll, beforeAll, expect, test } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { blocklistUsdc, pauseUsdt, setUsdtFee } from '../../../src/dev/chain/token-owner.ts'
import { MULTICALL3, UPTO_PROXY } from '../../../src/payment/tokens/contracts.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { askPrice, sendPaid, signFor } from '../../support/wire-payment.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ overrides: { sweepMs: 60_000, tokenWatchMs: 100 } })
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

/** Symbols that a 402 offers; none where there is no 402. */
async function offered(): Promise<readonly string[]> {
  const response = await fetch(stack.chatUrl, post(chatBody()))
  if (response.status !== 402) return []
  const { accepts } = await askPrice({ stack, body: chatBody() })
  const symbols = accepts.map(({ asset }) => (asset.toLowerCase() === stack.usdc.address ? 'USDC' : 'USDT'))
  return [...new Set(symbols)].sort()
}
const untilOffered = (symbols: readonly string[]) =>
  waitUntil({
    what: `offered are ${symbols.join(', ') || 'none'}`,
    isSo: async () => (await offered()).join() === symbols.join(),
  })

test('a token whose issuer switches a fee on is not offered and not taken, and comes back by itself', async () => {
  const { rpcUrl } = stack
  const payer = await stack.newPayer()
  const { client, pay } = stockPayer({ stack, payer, scheme: 'batch-settlement', asset: stack.usdt })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  const body = chatBody()
  const payment = await signFor({ stack, client, body })

  await setUsdtFee({ rpcUrl, basisPoints: 5n, maximumFeeUsdt: 1n })
  await untilOffered(['USDC'])
  const before = stack.provider.calls()
  const refused = await sendPaid({ stack, body, payment })
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBeTruthy()
  expect(await readError(refused)).toMatchObject({ code: 'token_suspended', reason: 'fee_on_transfer' })
  expect(stack.provider.calls()).toBe(before)
  const metrics = await (await fetch(`${stack.app.url}/metrics`)).text()
  expect(metrics).toContain('turnpike_token_suspended{network="eip155:84532",token="USDT"} 1')

  await setUsdtFee({ rpcUrl, basisPoints: 0n, maximumFeeUsdt: 0n })
  await untilOffered(['USDC', 'USDT'])
  // Nothing of the refused payment was used.
  expect((await sendPaid({ stack, body, payment })).status).toBe(200)
})

test('while no token can be taken nobody is asked to pay', async () => {
  const { rpcUrl } = stack
  await pauseUsdt({ rpcUrl, paused: true })
  await blocklistUsdc({ rpcUrl, address: stack.world.payTo, blocked: true })
  await untilOffered([])
  const response = await fetch(stack.chatUrl, post(chatBody()))
  expect(response.status).toBe(503)
  expect((await readError(response)).code).toBe('token_suspended')
  await pauseUsdt({ rpcUrl, paused: false })
  await blocklistUsdc({ rpcUrl, address: stack.world.payTo, blocked: false })
  await untilOffered(['USDC', 'USDT'])
})

test('a scheme whose contract is not on the chain is not offered, and a chain without Multicall3 stops the start', async () => {
  const client = devClient({ rpcUrl: stack.rpcUrl })
  const without = async <Value>(address: `0x${string}`, run: () => Promise<Value>) => {
    const code = (await client.getCode({ address })) ?? '0x'
    await client.setCode({ address, bytecode: '0x' })
    return run().finally(() => client.setCode({ address, bytecode: code }))
  }
  const dataDirectory = `${stack.ledgerFolder}-second`
  await fillLedgerFolder(dataDirectory)
  const second = () => stack.openInstance({ place: { dataDirectory } })
  const schemes = await without(UPTO_PROXY, async () => {
    const app = await second()
    const response = await fetch(`${app.url}/v1/chat/completions`, post(chatBody()))
    const { accepts } = JSON.parse(
      Buffer.from(response.headers.get('payment-required') ?? '', 'base64').toString(),
    ) as { accepts: { scheme: string }[] }
    await app.close()
    return [...new Set(accepts.map(({ scheme }) => scheme))]
  })
  expect(schemes).toEqual(['batch-settlement', 'exact'])
  await expect(without(MULTICALL3, second)).rejects.toThrow(/Multicall3.*is it that chain/)
})
