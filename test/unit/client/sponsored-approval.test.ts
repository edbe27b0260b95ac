import { parseTransaction, recoverTransactionAddress, recoverTypedDataAddress } from 'viem'
import { expect, test } from 'vitest'
import type { ChainClient } from '../../../src/client/wire/chain-client.ts'
import { payingFetch } from '../../../src/client/paying-fetch.ts'
import type { PaymentRequired } from '../../../src/payment/payment-required.ts'
import { PERMIT2 } from '../../../src/payment/tokens/contracts.ts'
import { ask, URL_OF_CALLS } from './fake-server/ask.ts'
import { createFakeServer } from './fake-server/create-fake-server.ts'
import { account, USDC, USDT } from './fake-server/terms.ts'

type Info = Readonly<Record<string, string>>

const word = (value: bigint) => `0x${value.toString(16).padStart(64, '0')}` as const

/** A chain of one answer for each function. Its wallet can sign transactions, and must send none. */
function chainOf({ allowance, nonce }: { allowance: bigint; nonce?: bigint }) {
  const asked: string[] = []
  const client: ChainClient = {
    getChainId: () => Promise.resolve(84_532),
    call({ data }) {
      asked.push(data.slice(0, 10))
      const isAllowance = data.startsWith('0xdd62ed3e')
      if (!isAllowance && nonce === undefined) return Promise.reject(new Error('reverted'))
      return Promise.resolve({ data: word(isAllowance ? allowance : (nonce ?? 0n)) })
    },
    getBlock: () => Promise.resolve({ timestamp: 0n }),
    sendTransaction: () => Promise.reject(new Error('nothing may be sent')),
    waitForTransactionReceipt: () => Promise.resolve({ status: 'success' }),
    signTransaction: (transaction) => account.signTransaction(transaction),
    getTransactionCount: () => Promise.resolve(7),
  }
  return { client, asked }
}

const EXTENSIONS = {
  eip2612GasSponsoring: { info: { description: 'd', version: '1' }, schema: { type: 'object' } },
  erc20ApprovalGasSponsoring: { info: { description: 'e', version: '1' }, schema: {} },
  other: { info: { kept: true } },
}

/** The extensions of a payment that is made to a server which announces all of them. */
async function extensionsFor({
  client,
  asset,
  extensions = EXTENSIONS,
}: {
  client: ChainClient
  asset: typeof USDC
  extensions?: PaymentRequired['extensions']
}) {
  const server = createFakeServer({
    changeDemand: (required): PaymentRequired => ({ ...required, ...(extensions ? { extensions } : {}) }),
  })
  let sent: Record<string, { info: Info; schema: unknown }> = {}
  const pay = payingFetch(account, {
    salt: `0x${'5a'.repeat(32)}`,
    schemes: ['upto'],
    assets: [asset],
    approvals: { client, amountUsd: 2 },
    fetch: (input, init) => {
      const header = new Headers(init?.headers).get('payment-signature')
      if (header !== null) {
        const payment = JSON.parse(Buffer.from(header, 'base64').toString()) as { extensions: typeof sent }
        sent = payment.extensions
      }
      return server.fetch(input, init)
    },
  })
  expect((await pay(URL_OF_CALLS, ask())).status).toBe(200)
  return sent
}

test('a token with a permit is released by its owner’s signature, beside what the server announced', async () => {
  const { client } = chainOf({ allowance: 0n, nonce: 3n })
  const { eip2612GasSponsoring: permit, other } = await extensionsFor({ client, asset: USDC })
  expect(other).toEqual(EXTENSIONS.other)
  expect(permit?.schema).toEqual({ type: 'object' })
  expect(permit?.info).toMatchObject({ description: 'd', version: '1', amount: '10000', nonce: '3' })
  const info = permit?.info ?? {}
  const signer = await recoverTypedDataAddress({
    domain: { name: 'USDC', version: '2', chainId: 84_532, verifyingContract: USDC.address },
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: {
      owner: account.address,
      spender: PERMIT2,
      // What this payment permits, not what a payer would release: x402's proxies take no other permit.
      value: 10_000n,
      nonce: 3n,
      deadline: BigInt(info['deadline'] ?? 0),
    },
    signature: info['signature'] as `0x${string}`,
  })
  expect(signer).toBe(account.address)
  expect(Number(info['deadline'])).toBeLessThan(Date.now() / 1_000 + 1_000)
})

test('a token without a permit is released by a signed transaction that the server sends', async () => {
  const { client } = chainOf({ allowance: 0n })
  const { erc20ApprovalGasSponsoring: approval } = await extensionsFor({ client, asset: USDT })
  expect(approval?.info).toMatchObject({ description: 'e', version: '1', amount: '2000000' })
  const serializedTransaction = approval?.info['signedTransaction'] as `0x02${string}`
  expect(await recoverTransactionAddress({ serializedTransaction })).toBe(account.address)
  expect(parseTransaction(serializedTransaction)).toMatchObject({
    to: USDT.address,
    nonce: 7,
    chainId: 84_532,
    data: `0x095ea7b3${PERMIT2.slice(2).padStart(64, '0')}${word(2_000_000n).slice(2)}`,
  })
})

test('where the allowance suffices nothing is signed for it', async () => {
  const { client, asked } = chainOf({ allowance: 10_000_000n, nonce: 1n })
  expect(await extensionsFor({ client, asset: USDC })).toEqual(EXTENSIONS)
  expect(asked).toEqual(['0xdd62ed3e'])
})

test('a server that sponsors another scheme only is not sent a permit for this one', async () => {
  const { client, asked } = chainOf({ allowance: 0n, nonce: 3n })
  const { eip2612GasSponsoring: permit } = EXTENSIONS
  const offered = { eip2612GasSponsoring: { ...permit, info: { ...permit.info, schemes: ['exact'] } } }
  // The wallet's own approval is the way then; this chain takes none.
  await expect(extensionsFor({ client, asset: USDC, extensions: offered })).rejects.toThrow()
  expect(asked).not.toContain('0x7ecebe00')
  const named = { eip2612GasSponsoring: { ...permit, info: { ...permit.info, schemes: ['upto'] } } }
  expect(await extensionsFor({ client, asset: USDC, extensions: named })).toMatchObject({
    eip2612GasSponsoring: { info: { nonce: '3', schemes: ['upto'] } },
  })
})
