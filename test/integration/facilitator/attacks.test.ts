import { connect } from 'node:net'
import { authorizationTypes, permit2WitnessTypes } from '@x402/evm'
import { keccak256, pad, parseAbi, parseSignature, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { sendAs } from '../../../src/dev/chain/send-as.ts'
import { PERMIT2 } from '../../../src/payment/tokens/contracts.ts'
import type { Hex } from '../../../src/payment/types.ts'
import { type OrderBody, orderV1, orderV2 } from '../../support/facilitator-orders.ts'
import { useFacilitator } from '../../support/facilitator-world.ts'
import type { Payer } from '../../support/start-stack.ts'

const world = useFacilitator()
const AMOUNT = 10_000n
const chainId = 84_532

const ABI = parseAbi([
  'function invalidateUnorderedNonces(uint256 wordPos, uint256 mask)',
  'function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)',
  'function transfer(address to, uint256 value)',
])

const chain = () => devClient({ rpcUrl: world.stack.rpcUrl })
const send = async (payer: Payer, call: object) =>
  sendAs({
    rpcUrl: world.stack.rpcUrl,
    account: { ...payer.account, privateKey: payer.privateKey },
    call: { abi: ABI, ...call } as never,
  })
/** Signs an order anew after its nonce was set to the word that stands for the amount in every payment's calldata. */
async function withAmountAsNonce({ payer, body }: { payer: Payer; body: OrderBody }): Promise<OrderBody> {
  const { payload } = body.paymentPayload
  const permit = payload['permit2Authorization'] as Record<string, never> | undefined
  const authorization = payload['authorization'] as Record<string, never> | undefined
  const signature = permit
    ? await payer.account.signTypedData({
        domain: { name: 'Permit2', chainId, verifyingContract: PERMIT2 },
        types: permit2WitnessTypes,
        primaryType: 'PermitWitnessTransferFrom',
        message: { ...permit, nonce: AMOUNT } as never,
      })
    : await payer.account.signTypedData({
        domain: { ...world.stack.usdc.eip712, chainId, verifyingContract: world.stack.usdc.address },
        types: authorizationTypes,
        primaryType: 'TransferWithAuthorization',
        message: { ...authorization, nonce: pad(toHex(AMOUNT)) } as never,
      })
  if (permit) payload['permit2Authorization'] = { ...permit, nonce: AMOUNT.toString() }
  else payload['authorization'] = { ...authorization, nonce: pad(toHex(AMOUNT)) }
  payload['signature'] = signature
  return body
}

async function burnNonce({ payer, token }: { payer: Payer; token: 'usdc' | 'usdt' }): Promise<void> {
  if (token === 'usdt') {
    const args = [AMOUNT >> 8n, 1n << (AMOUNT & 255n)]
    return void (await send(payer, { address: PERMIT2, functionName: 'invalidateUnorderedNonces', args }))
  }
  const nonce = pad(toHex(AMOUNT))
  const signed = await payer.account.signTypedData({
    domain: { ...world.stack.usdc.eip712, chainId, verifyingContract: world.stack.usdc.address },
    types: {
      CancelAuthorization: [
        { name: 'authorizer', type: 'address' },
        { name: 'nonce', type: 'bytes32' },
      ],
    },
    primaryType: 'CancelAuthorization',
    message: { authorizer: payer.address, nonce },
  })
  const { v, r, s } = parseSignature(signed)
  const args = [payer.address, nonce, Number(v), r, s]
  await send(payer, { address: world.stack.usdc.address, functionName: 'cancelAuthorization', args })
}

test.each(['usdc', 'usdt'] as const)(
  'a nonce of %s that was burnt is no payment, though its digits stand in an earlier one',
  async (token) => {
    const payer = await world.stack.newPayer()
    const terms = { payer, asset: world.stack[token], payTo: world.seller }
    expect(await world.answerTo('/settle', await orderV2(terms))).toMatchObject({ success: true })
    const second = await withAmountAsNonce({ payer, body: await orderV2(terms) })
    expect(await world.answerTo('/verify', second)).toMatchObject({ isValid: true })
    await burnNonce({ payer, token })
    expect(await world.answerTo('/settle', second)).toMatchObject({ success: false, transaction: '' })
  },
)

test('a payload that can be read as two payments is no order', async () => {
  const payer = await world.stack.newPayer()
  const stranger = { permit2Authorization: { from: `0x${'11'.repeat(20)}` } }
  for (const body of [
    await orderV1({ payer, asset: world.stack.usdc, payTo: world.seller }),
    await orderV2({ payer, asset: world.stack.usdc, payTo: world.seller }),
  ]) {
    Object.assign(body.paymentPayload.payload, stranger)
    const response = await world.order('/verify', body)
    expect([response.status, await response.json()]).toMatchObject([400, { isValid: false }])
  }
})

test('dust is not worth its gas', async () => {
  const payer = await world.stack.newPayer()
  const dust = await orderV2({ payer, asset: world.stack.usdc, payTo: world.seller, amount: '99' })
  const reason = 'amount_below_minimum'
  expect(await world.answerTo('/verify', dust)).toMatchObject({ isValid: false, invalidReason: reason })
  expect(await world.answerTo('/settle', dust)).toMatchObject({ success: false, errorReason: reason })
})

const byProxy = () => ({
  networks: world.optionsOf().networks.map((one) => ({ ...one, rpcUrls: [world.stack.proxy.url] })),
  waitMs: 300,
})

test('who makes a simulated payment revert is not served for a while, and others are', async () => {
  const { proxy, usdc } = world.stack
  await world
    .withFacilitator(
      {},
      async ({ url }, payer) => {
        const terms = { payer, asset: usdc, payTo: world.seller }
        const [first, second] = [await orderV2(terms), await orderV2(terms)]
        // The payer empties its wallet between our simulation and the block.
        proxy.setOverride(async ({ method }) => {
          if (method === 'eth_sendRawTransaction')
            await send(payer, {
              address: usdc.address,
              functionName: 'transfer',
              args: [world.seller, await world.balanceOf(usdc, payer.address)],
            })
          return undefined
        })
        const reverted = await world.answerTo('/settle', first, url)
        expect(reverted).toMatchObject({ success: false, transaction: expect.stringMatching(/^0x.{64}$/) })
        proxy.restore()
        const before = await world.sentByKey()
        for (const body of [first, second]) {
          const reason = 'payer_paused'
          expect(await world.answerTo('/verify', body, url)).toMatchObject({ invalidReason: reason })
          expect(await world.answerTo('/settle', body, url)).toMatchObject({ errorReason: reason })
        }
        expect(await world.sentByKey()).toBe(before)
        const other = await orderV2({ ...terms, payer: await world.stack.newPayer() })
        expect(await world.answerTo('/settle', other, url)).toMatchObject({ success: true })
      },
      byProxy(),
    )
    .finally(proxy.restore)
})

test('the same payment signed in other bytes is not sent beside the first, though its answer was lost', async () => {
  const { proxy, usdc } = world.stack
  await world
    .withFacilitator(
      {},
      async ({ url }, payer) => {
        const first = await orderV1({ payer, asset: usdc, payTo: world.seller })
        const other = structuredClone(first)
        other.paymentPayload.payload['signature'] = shortV(first.paymentPayload.payload['signature'] as Hex)
        const isReceipt = (method: string) => method === 'eth_getTransactionReceipt'
        await chain().setAutomine(false)
        proxy.setOverride(({ method }) =>
          isReceipt(method) ? { error: { code: -32_000, message: 'away' } } : undefined,
        )
        await world.order('/settle', first, url)
        proxy.restore()
        const pending = await world.answerTo('/settle', other, url)
        expect(pending).toMatchObject({ success: false, errorReason: 'duplicate_settlement' })
        await chain().setAutomine(true)
        await chain().mine({ blocks: 1 })
        const { transaction } = pending
        expect(await world.answerTo('/settle', first, url)).toMatchObject({ success: true, transaction })
      },
      byProxy(),
    )
    .finally(async () => {
      proxy.restore()
      await chain().setAutomine(true)
    })
})

test('a transaction whose place in the key’s order went to another is not waited for: the payment is sent anew', async () => {
  const { proxy, usdc, rpcUrl } = world.stack
  await world
    .withFacilitator(
      {},
      async ({ url }, payer) => {
        const body = await orderV2({ payer, asset: usdc, payTo: world.seller })
        // The RPC says that it has the transaction, and loses it.
        proxy.setOverride(({ method, params }) =>
          method === 'eth_sendRawTransaction' ? { result: keccak256(params[0] as Hex) } : undefined,
        )
        const lost = await world.answerTo('/settle', body, url)
        expect(lost).toMatchObject({ success: false, errorReason: 'settlement_pending' })
        proxy.restore()
        const account = privateKeyToAccount(world.key)
        const hash = await devClient({ rpcUrl, account }).sendTransaction({ account, to: world.seller })
        await chain().waitForTransactionReceipt({ hash })
        const settled = await world.answerTo('/settle', body, url)
        expect(settled).toMatchObject({ success: true })
        expect(settled['transaction']).not.toBe(lost['transaction'])
      },
      byProxy(),
    )
    .finally(proxy.restore)
})

/** v as 0 or 1, which off chain is the same signature. */
const shortV = (signature: Hex): Hex =>
  `${signature.slice(0, 130) as Hex}0${Number.parseInt(signature.slice(130), 16) - 27}`

test('a body that drips is not waited for', async () => {
  const { hostname, port } = new URL(world.facilitator.url)
  const socket = connect(Number(port), hostname)
  socket.write(
    'POST /settle HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  )
  const drip = setInterval(() => socket.write(' '), 500)
  socket.on('error', () => undefined)
  const startedAt = performance.now()
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(drip)
  expect(performance.now() - startedAt).toBeLessThan(8_000)
})

test('nobody spends our gas unless the operator has said who', () => {
  const closed = { TURNPIKE_FACILITATOR_PAY_TO: '' }
  expect(() => world.optionsOf(closed)).toThrow(/whom your gas is spent for/)
  const token = 'a token of this test, of thirty-two characters'
  expect(world.optionsOf({ ...closed, TURNPIKE_FACILITATOR_ACCESS_TOKEN: token }).payTo).toBeUndefined()
  expect(world.optionsOf().payTo).toBeUndefined()
  expect(() => world.optionsOf({ TURNPIKE_FACILITATOR_PAY_TO: 'everybody' })).toThrow(/anybody/)
})
