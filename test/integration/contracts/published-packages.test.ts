import { x402Facilitator } from '@x402/core/facilitator'
import type { PaymentRequirements, Network } from '@x402/core/types'
import { toClientEvmSigner, toFacilitatorEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme as BatchClient, computeChannelId } from '@x402/evm/batch-settlement/client'
import { BatchSettlementEvmScheme as BatchFacilitator } from '@x402/evm/batch-settlement/facilitator'
import { ExactEvmScheme as ExactClient } from '@x402/evm/exact/client'
import { registerExactEvmScheme } from '@x402/evm/exact/facilitator'
import { UptoEvmScheme as UptoClient } from '@x402/evm/upto/client'
import { UptoEvmScheme as UptoFacilitator } from '@x402/evm/upto/facilitator'
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { USDC, USDT } from '../../../src/dev/chain/addresses.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { ONE, openContractWorld } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'

// The judges here are other people's: the published client signs, the published facilitator verifies and settles, and
// neither was told that the contracts are ours.

const NETWORK: Network = 'eip155:84532'
const PRICE = 250_000n
const TOKENS = {
  USDC: { asset: USDC, extra: { name: 'USDC', version: '2' } },
  USDT: { asset: USDT, extra: { name: 'Tether USD', version: '1', assetTransferMethod: 'permit2' } },
}
type Token = keyof typeof TOKENS

let world: ContractWorld
let facilitator: x402Facilitator
let settler: DevAccount
let authorizer: DevAccount

beforeAll(async () => {
  world = await openContractWorld()
  settler = await world.newAccount()
  authorizer = await world.newAccount()
  const wallet = devClient({ rpcUrl: world.rpcUrl, account: settler })
  const signer = toFacilitatorEvmSigner({ ...wallet, address: settler.address } as unknown as Parameters<
    typeof toFacilitatorEvmSigner
  >[0])
  facilitator = registerExactEvmScheme(new x402Facilitator(), { signer, networks: NETWORK })
  facilitator.register(NETWORK, new UptoFacilitator(signer))
  facilitator.register(NETWORK, new BatchFacilitator(signer, authorizer))
})
afterAll(() => world.close())

function requirements(options: {
  scheme: string
  token: Token
  payTo: Address
  extra?: Record<string, unknown>
}): PaymentRequirements {
  const { asset, extra } = TOKENS[options.token]
  return {
    scheme: options.scheme,
    network: NETWORK,
    amount: PRICE.toString(),
    asset,
    payTo: options.payTo,
    maxTimeoutSeconds: 300,
    extra: { ...extra, ...options.extra },
  }
}

const clientSigner = (account: DevAccount) => toClientEvmSigner(account, world.client)

async function verifyAndSettle(options: {
  required: PaymentRequirements
  payload: Record<string, unknown>
  settleAmount?: bigint
}) {
  const { required, payload, settleAmount } = options
  const payment = { x402Version: 2, accepted: required, payload }
  const verified = await facilitator.verify(payment, required)
  expect(verified).toMatchObject({ isValid: true })
  const charged = settleAmount === undefined ? required : { ...required, amount: settleAmount.toString() }
  const settled = await facilitator.settle(payment, charged)
  expect(settled).toMatchObject({ success: true })
  return { payment, settled }
}

/** Ten minus what was paid, and what the other side holds. */
async function expectMoved(options: { token: Token; from: Address; to: Address; amount: bigint }) {
  const { token, from, to, amount } = options
  expect(await world.balanceOf(TOKENS[token].asset, to)).toBe(amount)
  expect(await world.balanceOf(TOKENS[token].asset, from)).toBe(10n * ONE - amount)
}

const EXACT: [Token, string][] = [
  ['USDC', 'eip3009'],
  ['USDC', 'permit2'],
  ['USDT', 'permit2'],
]
for (const [token, assetTransferMethod] of EXACT) {
  test(`the published exact client and facilitator move ${token} by ${assetTransferMethod}, once`, async () => {
    const payer = await world.newAccount({ funded: true })
    const payTo = (await world.newAccount()).address
    const required = requirements({ scheme: 'exact', token, payTo, extra: { assetTransferMethod } })
    const { payload } = await new ExactClient(clientSigner(payer)).createPaymentPayload(2, required)
    const { payment } = await verifyAndSettle({ required, payload })
    await expectMoved({ token, from: payer.address, to: payTo, amount: PRICE })

    expect(await facilitator.settle(payment, required)).toMatchObject({ success: false })
    await expectMoved({ token, from: payer.address, to: payTo, amount: PRICE })
  })
}

for (const token of ['USDC', 'USDT'] as const) {
  test(`the published upto client and facilitator charge less than the maximum in ${token}, once`, async () => {
    const payer = await world.newAccount({ funded: true })
    const payTo = (await world.newAccount()).address
    const extra = { assetTransferMethod: 'permit2', facilitatorAddress: settler.address }
    const required = requirements({ scheme: 'upto', token, payTo, extra })
    const { payload } = await new UptoClient(clientSigner(payer)).createPaymentPayload(2, required)
    const { payment } = await verifyAndSettle({ required, payload, settleAmount: 1_234n })
    await expectMoved({ token, from: payer.address, to: payTo, amount: 1_234n })

    const again = await facilitator.settle(payment, { ...required, amount: '1234' })
    expect(again).toMatchObject({ success: false })
    await expectMoved({ token, from: payer.address, to: payTo, amount: 1_234n })
  })

  test(`the published channel client and facilitator deposit, claim, settle and refund in ${token}`, async () => {
    const payer = await world.newAccount({ funded: true })
    const payTo = (await world.newAccount()).address
    const extra = { receiverAuthorizer: authorizer.address, withdrawDelay: 900, minDeposit: ONE.toString() }
    const required = requirements({ scheme: 'batch-settlement', token, payTo, extra })
    const client = new BatchClient(clientSigner(payer))
    const channel = client.buildChannelConfig(required)
    const channelId = computeChannelId(channel, NETWORK)

    const { payload } = await client.createPaymentPayload(2, required)
    const { settled } = await verifyAndSettle({ required, payload })
    expect(settled.extra).toMatchObject({
      channelState: { channelId, balance: ONE.toString(), totalClaimed: '0' },
    })
    expect(await world.balanceOf(TOKENS[token].asset, world.batchSettlement)).toBeGreaterThanOrEqual(ONE)

    const { voucher } = payload as { voucher: { maxClaimableAmount: string; signature: string } }
    const claims = [
      {
        voucher: { channel, maxClaimableAmount: voucher.maxClaimableAmount },
        signature: voucher.signature,
        totalClaimed: '1234',
      },
    ]
    const settle = (step: Record<string, unknown>) =>
      facilitator.settle({ x402Version: 2, accepted: required, payload: step }, required)
    expect(await settle({ type: 'claim', claims })).toMatchObject({ success: true })
    expect(await world.balanceOf(TOKENS[token].asset, payTo)).toBe(0n)
    const paid = await settle({ type: 'settle', receiver: payTo, token: required.asset })
    expect(paid).toMatchObject({ success: true, amount: '1234' })
    expect(await settle({ type: 'settle', receiver: payTo, token: required.asset })).toMatchObject({
      errorReason: 'invalid_batch_settlement_evm_nothing_to_settle',
    })

    const amount = ONE.toString()
    const refund = { type: 'refund', channelConfig: channel, voucher, amount, refundNonce: '0', claims: [] }
    expect(await settle(refund)).toMatchObject({ success: true, amount: (ONE - 1_234n).toString() })
    await expectMoved({ token, from: payer.address, to: payTo, amount: 1_234n })
  })
}

test('a refund that claims first goes through in one transaction', async () => {
  const payer = await world.newAccount({ funded: true })
  const payTo = (await world.newAccount()).address
  const extra = { receiverAuthorizer: authorizer.address, withdrawDelay: 900, minDeposit: ONE.toString() }
  const required = requirements({ scheme: 'batch-settlement', token: 'USDC', payTo, extra })
  const client = new BatchClient(clientSigner(payer))
  const channel = client.buildChannelConfig(required)
  const { payload } = await client.createPaymentPayload(2, required)
  await verifyAndSettle({ required, payload })

  const { voucher } = payload as { voucher: { maxClaimableAmount: string; signature: string } }
  const claim = { voucher: { channel, ...voucher }, signature: voucher.signature, totalClaimed: '777' }
  const refund = {
    type: 'refund',
    channelConfig: channel,
    voucher,
    amount: ONE.toString(),
    refundNonce: '0',
    claims: [claim],
  }
  const settled = await facilitator.settle({ x402Version: 2, accepted: required, payload: refund }, required)
  expect(settled).toMatchObject({ success: true, amount: (ONE - 777n).toString() })
  expect(await world.balanceOf(USDC, payer.address)).toBe(10n * ONE - 777n)
})
