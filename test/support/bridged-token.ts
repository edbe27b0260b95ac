import { maxUint256, type Abi } from 'viem'
import { devAccount } from '../../src/dev/accounts.ts'
import { devClient } from '../../src/dev/chain/clients.ts'
import { compileContracts } from '../../src/dev/chain/compile-contracts.ts'
import { fundAccount } from '../../src/dev/chain/fund.ts'
import { sendAs } from '../../src/dev/chain/send-as.ts'
import { PERMIT2 } from '../../src/payment/tokens/contracts.ts'
import type { Address, Asset } from '../../src/payment/types.ts'
import { NETWORK, type Payer } from './start-stack.ts'

const deployer = devAccount({ label: 'deployer of bridged tokens' })

/** A token that Permit2 alone can move, on a dev chain that is running: Polygon's kind with a salt, or BNB Smart Chain's without. */
export async function deployBridgedToken({
  rpcUrl,
  decimals,
  isSalted,
}: {
  rpcUrl: string
  decimals: number
  isSalted: boolean
}) {
  const { BridgedToken } = await compileContracts({ onProgress: () => {} })
  const abi: Abi = BridgedToken?.abi ?? []
  const client = devClient({ rpcUrl, account: deployer })
  await fundAccount({ rpcUrl, address: deployer.address, ether: 10n ** 18n })
  const hash = await client.deployContract({
    account: deployer,
    abi,
    bytecode: BridgedToken?.creationCode ?? '0x',
    args: ['USDT0', decimals, isSalted],
  })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  if (!contractAddress) throw new Error('The bridged token was not deployed.')
  const token = { address: contractAddress, abi }
  const asset: Asset = {
    network: NETWORK,
    address: contractAddress.toLowerCase() as Address,
    symbol: 'USDT',
    decimals,
    transfer: 'permit2',
    ...(isSalted ? { eip712: { name: 'USDT0', version: '1', isSalted: true } } : {}),
  }
  return {
    asset,
    /** Gives somebody so many dollars of it, and Permit2 the right to move them. */
    async fund({ account, privateKey }: Payer, dollars: bigint): Promise<void> {
      const amount = dollars * 10n ** BigInt(decimals)
      const mint = { ...token, functionName: 'mint', args: [account.address, amount] }
      await sendAs({ rpcUrl, account: deployer, call: mint })
      const approve = { ...token, functionName: 'approve', args: [PERMIT2, maxUint256] }
      await sendAs({ rpcUrl, account: { ...account, privateKey }, call: approve })
    },
    rename: (name: string) =>
      sendAs({ rpcUrl, account: deployer, call: { ...token, functionName: 'changeName', args: [name] } }),
  }
}

export type BridgedToken = Awaited<ReturnType<typeof deployBridgedToken>>
