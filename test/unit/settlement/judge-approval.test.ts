import { encodeFunctionData, maxUint256, parseAbi } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { readApproval } from '../../../src/chain/approvals/read-approval.ts'
import { PERMIT2 } from '../../../src/payment/tokens/contracts.ts'
import type { Address } from '../../../src/payment/types.ts'
import type { ApprovalFacts, SignedApproval } from '../../../src/settlement/sponsored/approval-ports.ts'
import { judgeApproval, judgeFacts } from '../../../src/settlement/sponsored/judge-approval.ts'
import { highS } from '../../support/wire-payment.ts'

const account = privateKeyToAccount(generatePrivateKey())
const payer = account.address.toLowerCase() as Address
const asset: Address = `0x${'22'.repeat(20)}`
const data = encodeFunctionData({
  abi: parseAbi(['function approve(address spender, uint256 amount)']),
  functionName: 'approve',
  args: [PERMIT2, maxUint256],
})
const TRANSACTION = {
  type: 'eip1559',
  chainId: 84_532,
  nonce: 3,
  to: asset,
  data,
  gas: 70_000n,
  maxFeePerGas: 100n,
  maxPriorityFeePerGas: 1n,
} as const

test('a signed approve is read with everything that counts, and is good for its payment', async () => {
  const approval = await readApproval(await account.signTransaction(TRANSACTION))
  expect(approval).toMatchObject({
    from: payer,
    chainId: 84_532,
    nonce: 3,
    token: asset,
    spender: PERMIT2,
    amount: maxUint256,
    valueWei: 0n,
    gasLimit: 70_000n,
    maxFeePerGasWei: 100n,
  })
  const order = { network: 'eip155:84532', asset, payer, neededAtomic: 5n } as const
  expect(judgeApproval({ approval: approval as SignedApproval, ...order })).toBeUndefined()
})

test('what can be read in two ways is not read: other forms, more bytes, a high s', async () => {
  const raw = await account.signTransaction(TRANSACTION)
  const s = `0x${'0'.repeat(64)}${raw.slice(-64)}1b`
  const turned = `${raw.slice(0, -64)}${highS(s).slice(66, 130)}`
  const unread = [
    '0x',
    '0x02',
    `${raw}00`,
    raw.slice(0, -2),
    turned,
    await account.signTransaction({ ...TRANSACTION, to: undefined }),
    await account.signTransaction({ ...TRANSACTION, data: '0x' }),
    await account.signTransaction({ ...TRANSACTION, data: `${data}00` }),
    await account.signTransaction({
      ...TRANSACTION,
      accessList: [{ address: asset, storageKeys: [] }],
    }),
  ]
  for (const bytes of unread)
    expect([bytes, await readApproval(bytes as `0x${string}`)]).toEqual([bytes, undefined])
})

const approval = { nonce: 3, gasLimit: 70_000n, maxFeePerGasWei: 100n } as SignedApproval
const FACTS: ApprovalFacts = {
  nonce: 3,
  pendingNonce: 3,
  hasCode: false,
  coinWei: 0n,
  requiredWei: 7_000_000n,
  gas: 46_000n,
  nextBaseFeeWei: 50n,
  mostFeePerGasWei: 100n,
}

test.each([
  [{}, undefined],
  [{ nonce: 4, pendingNonce: 4 }, 'approval_nonce_wrong'],
  [{ pendingNonce: 4 }, 'approval_nonce_wrong'],
  [{ hasCode: true }, 'approval_payer_has_code'],
  [{ gas: undefined }, 'approval_reverts'],
  [{ gas: 70_001n }, 'approval_gas_too_low'],
  [{ nextBaseFeeWei: 101n }, 'approval_fee_too_low'],
  [{ mostFeePerGasWei: 99n }, 'approval_fee_too_high'],
  // Its own coins are its own affair.
  [{ mostFeePerGasWei: 99n, coinWei: 7_000_000n }, undefined],
] as const)('where the chain says %o the approval is judged %s', (change, reason) => {
  const { gas, ...rest } = { ...FACTS, ...change }
  const facts = gas === undefined ? rest : { ...rest, gas }
  expect(judgeFacts({ approval, facts })).toBe(reason)
})
