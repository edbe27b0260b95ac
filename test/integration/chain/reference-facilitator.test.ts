import type { PaymentRequirements } from '@x402/core/types'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/facilitator'
import { ExactEvmScheme } from '@x402/evm/exact/facilitator'
import { UptoEvmScheme } from '@x402/evm/upto/facilitator'
import { encodeFunctionData } from 'viem'
import type { Abi, Address, Hex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { devAccounts } from '../../../src/dev/accounts.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { EXACT_PROXY, PERMIT2_COLLECTOR, UPTO_PROXY } from '../../../src/payment/tokens/contracts.ts'
import type { Asset } from '../../../src/payment/types.ts'
import type { Calldata } from '../../../src/settlement/ports.ts'
import type { ClaimRow } from '../../../src/settlement/types.ts'
import { NETWORK, openChainWorld } from './chain-world.ts'
import type { ChainWorld } from './chain-world.ts'
import { claimRow, depositFunding, exactFunding, newChannel, uptoSettlement } from './payments.ts'

// The published facilitator is given the same payment; what it would send must be, byte for byte, what we send.

type Write = { address: Address; abi: Abi; functionName: string; args: readonly unknown[] }
type Scheme = { settle: (payment: never, required: never) => Promise<unknown> }

let world: ChainWorld
let schemes: { batch: Scheme; exact: Scheme; upto: Scheme }
let captured: Calldata | undefined

beforeAll(async () => {
  world = await openChainWorld()
  const { signer: account, receiverAuthorizer } = devAccounts
  const wallet = devClient({ rpcUrl: world.rpcUrl, account })
  const signer = {
    getAddresses: () => [account.address],
    readContract: (query: never) => wallet.readContract(query),
    verifyTypedData: (query: never) => wallet.verifyTypedData(query),
    getCode: (query: never) => wallet.getCode(query),
    waitForTransactionReceipt: () => Promise.reject(new Error('nothing was sent')),
    sendTransaction: () => Promise.reject(new Error('not expected')),
    writeContract({ address, ...call }: Write): Promise<Hex> {
      captured = { to: address.toLowerCase() as Address, data: encodeFunctionData(call) }
      return Promise.reject(new Error('captured'))
    },
  } as unknown as ConstructorParameters<typeof UptoEvmScheme>[0]
  schemes = {
    batch: new BatchSettlementEvmScheme(signer, receiverAuthorizer),
    exact: new ExactEvmScheme(signer),
    upto: new UptoEvmScheme(signer),
  }
})
afterAll(() => world.close())

const soon = async () => (await world.now()) + 600

type Question = {
  scheme: 'batch' | 'exact' | 'upto'
  payload: Record<string, unknown>
  asset?: Asset
  amount?: bigint
  accepted?: bigint
  payTo?: Address
  extra?: Record<string, unknown>
}

/** What the reference would send. */
async function referenceCall(question: Question): Promise<Calldata | undefined> {
  const {
    scheme,
    payload,
    asset = world.usdc,
    amount = 0n,
    accepted = amount,
    payTo = world.payTo,
    extra,
  } = question
  const required: PaymentRequirements = {
    scheme: scheme === 'batch' ? 'batch-settlement' : scheme,
    network: NETWORK,
    amount: `${amount}`,
    asset: asset.address,
    payTo,
    maxTimeoutSeconds: 600,
    extra: { ...asset.eip712, assetTransferMethod: asset.transfer, ...extra },
  }
  const payment = { x402Version: 2, accepted: { ...required, amount: `${accepted}` }, payload }
  captured = undefined
  const outcome = await schemes[scheme].settle(payment as never, required as never)
  if (captured === undefined) throw new Error(`the reference sent nothing: ${JSON.stringify(outcome)}`)
  return captured
}

const claimOf = (row: ClaimRow) => ({
  voucher: { channel: row.config, maxClaimableAmount: `${row.voucher.maxAtomic}` },
  signature: row.voucher.signature,
  totalClaimed: `${row.totalClaimedAtomic}`,
})

test.each(['usdc', 'usdt'] as const)('deposit of %s', async (token) => {
  const asset = world[token]
  const by = await world.newPayer()
  const channel = newChannel({ by, asset })
  const funding = depositFunding({ by, asset, amountAtomic: 5_000n, expiresAt: await soon(), channel })
  if (funding.authorization.kind !== 'deposit') throw new Error('not a deposit')
  const { deposit } = funding.authorization
  const row = claimRow({ by, channel, maxAtomic: 1_000n, totalClaimedAtomic: 0n })
  const authorization =
    deposit.method === 'eip3009'
      ? {
          erc3009Authorization: {
            validAfter: `${deposit.validAfter}`,
            validBefore: `${deposit.validBefore}`,
            salt: deposit.salt,
            signature: deposit.signature,
          },
        }
      : {
          permit2Authorization: {
            from: by.payer,
            permitted: { token: asset.address, amount: '5000' },
            spender: PERMIT2_COLLECTOR,
            nonce: `${deposit.nonce}`,
            deadline: `${deposit.deadline}`,
            witness: { channelId: channel.id },
            signature: deposit.signature,
          },
        }
  const payload = {
    type: 'deposit',
    channelConfig: channel.config,
    voucher: { channelId: channel.id, maxClaimableAmount: '1000', signature: row.voucher.signature },
    deposit: { amount: '5000', authorization },
  }
  const extra = { receiverAuthorizer: channel.config.receiverAuthorizer, withdrawDelay: 86_400 }
  const call = await referenceCall({ scheme: 'batch', payload, asset, amount: 1_000n, extra })
  expect(world.chain.calldata.deposit(funding)).toEqual(call)
})

test('exact by EIP-3009', async () => {
  const by = await world.newPayer()
  const base = { by, asset: world.usdc, amountAtomic: 9n, expiresAt: await soon(), to: world.till }
  const funding = exactFunding({ ...base, method: 'eip3009' })
  const { authorization: signed } = funding
  if (signed.kind !== 'exact') throw new Error('not exact')
  const authorization = {
    from: by.payer,
    to: world.till,
    value: '9',
    validAfter: `${signed.validAfter}`,
    validBefore: `${signed.validBefore}`,
    nonce: signed.nonce,
  }
  const payload = { authorization, signature: signed.signature }
  const call = await referenceCall({ scheme: 'exact', payload, amount: 9n, payTo: world.till })
  expect(world.chain.calldata.exact(funding)).toEqual(call)
})

test('exact by Permit2', async () => {
  const by = await world.newPayer()
  const base = { by, asset: world.usdt, amountAtomic: 9n, expiresAt: await soon(), to: world.till }
  const funding = exactFunding({ ...base, method: 'permit2' })
  const { authorization: signed } = funding
  if (signed.kind !== 'exact') throw new Error('not exact')
  const permit2Authorization = {
    from: by.payer,
    permitted: { token: world.usdt.address, amount: '9' },
    spender: EXACT_PROXY,
    nonce: signed.nonce,
    deadline: `${signed.validBefore}`,
    witness: { to: world.till, validAfter: `${signed.validAfter}` },
  }
  const payload = { permit2Authorization, signature: signed.signature }
  const question = { scheme: 'exact', payload, asset: world.usdt, amount: 9n, payTo: world.till } as const
  expect(world.chain.calldata.exact(funding)).toEqual(await referenceCall(question))
})

test('upto below what was permitted', async () => {
  const by = await world.newPayer()
  const settlement = uptoSettlement({
    by,
    asset: world.usdt,
    amountAtomic: 4n,
    permittedAtomic: 9n,
    expiresAt: await soon(),
    facilitator: world.signer,
  })
  const { authorization: signed } = settlement
  const permit2Authorization = {
    from: by.payer,
    permitted: { token: world.usdt.address, amount: '9' },
    spender: UPTO_PROXY,
    nonce: signed.nonce,
    deadline: `${signed.deadline}`,
    witness: { to: world.payTo, facilitator: world.signer, validAfter: `${signed.validAfter}` },
  }
  const payload = { permit2Authorization, signature: signed.signature }
  const question = { scheme: 'upto', payload, asset: world.usdt, amount: 4n, accepted: 9n } as const
  const call = await referenceCall({ ...question, extra: { facilitatorAddress: world.signer } })
  expect(world.chain.calldata.upto(settlement)).toEqual(call)
})

test('claim, settle, and a refund with its claim', async () => {
  const rows: ClaimRow[] = []
  for (const charged of [100n, 200n, 300n]) {
    const by = await world.newPayer()
    const channel = newChannel({ by, asset: world.usdc })
    const base = { by, asset: world.usdc, amountAtomic: 5_000n, expiresAt: await soon() }
    await world.send({ call: world.chain.calldata.deposit(depositFunding({ ...base, channel })) })
    rows.push(claimRow({ by, channel, maxAtomic: 1_000n, totalClaimedAtomic: charged }))
  }
  const claims = rows.map(claimOf)
  const { calldata } = world.chain
  const claim = await referenceCall({ scheme: 'batch', payload: { type: 'claim', claims } })
  expect(calldata.claim(rows)).toEqual(claim)

  const [row] = rows
  if (row === undefined) throw new Error('no row')
  const refund = {
    type: 'refund',
    channelConfig: row.config,
    voucher: { channelId: row.channelId, maxClaimableAmount: '1000', signature: row.voucher.signature },
    amount: '4900',
    refundNonce: '0',
    claims: claims.slice(0, 1),
  }
  const request = { config: row.config, channelId: row.channelId, amountAtomic: 4_900n, refundNonce: 0n }
  expect(calldata.channelRefund({ ...request, claim: row })).toEqual(
    await referenceCall({ scheme: 'batch', payload: refund }),
  )
  expect(calldata.channelRefund(request)).toEqual(
    await referenceCall({ scheme: 'batch', payload: { ...refund, claims: [] } }),
  )

  await world.send({ call: calldata.claim(rows) })
  const settle = { type: 'settle', receiver: world.payTo, token: world.usdc.address }
  expect(calldata.settle({ asset: world.usdc.address })).toEqual(
    await referenceCall({ scheme: 'batch', payload: settle }),
  )
})
