import { createChain } from '../../../src/chain/create-chain.ts'
import type { ChainOptions } from '../../../src/chain/create-chain.ts'
import { devAccount, devAccounts } from '../../../src/dev/accounts.ts'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { approvePermit2, fundAccount } from '../../../src/dev/chain/fund.ts'
import { startDevChain } from '../../../src/dev/chain/start-dev-chain.ts'
import { BASE_SEPOLIA_USDC, usdtAsset } from '../../../src/payment/tokens/assets.ts'
import type { Address, Asset } from '../../../src/payment/types.ts'
import type { Calldata, Receipt } from '../../../src/settlement/ports.ts'
import type { Lane } from '../../../src/settlement/types.ts'
import { openRpcProxy } from './rpc-proxy.ts'

export const NETWORK = 'eip155:84532'
export const TEN = 10_000_000n
export const lower = (address: string) => address.toLowerCase() as Address

/** A dev chain, a way to it that counts, and the chain room on top. */
export async function openChainWorld() {
  const devChain = await startDevChain({})
  const { rpcUrl } = devChain
  const proxy = await openRpcProxy(rpcUrl)
  const client = devClient({ rpcUrl })
  const usdc = BASE_SEPOLIA_USDC
  const usdt = usdtAsset({ network: NETWORK, address: lower(devChain.usdt), decimals: 6 })
  const { signer, till, receiverAuthorizer } = devAccounts
  const options: ChainOptions = {
    network: NETWORK,
    rpcUrls: [proxy.url],
    keys: {
      signer: signer.privateKey,
      till: till.privateKey,
      receiverAuthorizer: receiverAuthorizer.privateKey,
    },
    payTo: lower(devAccounts.payTo),
    finality: { kind: 'depth', blocks: 2 },
    assets: [usdc, usdt],
  }
  const chain = createChain(options)
  for (const { address } of [signer, till]) await fundAccount({ rpcUrl, address, ether: 10n ** 20n })

  let accounts = 0
  /** Somebody new with ten of each token and Permit2's allowance. */
  async function newPayer(): Promise<DevAccount & { payer: Address }> {
    const account = devAccount({ label: `chain room payer ${(accounts += 1)}` })
    await fundAccount({ rpcUrl, address: account.address, usdc: TEN, usdt: TEN, ether: 10n ** 18n })
    await approvePermit2({ rpcUrl, privateKey: account.privateKey })
    return { ...account, payer: lower(account.address) }
  }

  /** Prepares, signs, broadcasts and waits, as the settlement stories do. */
  async function send({
    call,
    lane = chain.sender.lanes.signer,
  }: {
    call: Calldata
    lane?: Lane
  }): Promise<Receipt> {
    const prepared = await chain.sender.prepare({ lane, call })
    if (!prepared.ok) throw new Error(`refused: ${prepared.reason}`)
    const nonce = await chain.sender.getNonce(lane)
    const { raw, hash } = await chain.sender.sign({ lane, nonce, prepared })
    const word = await chain.sender.broadcast(raw)
    if (word !== 'sent') throw new Error(`not sent: ${word}`)
    await client.waitForTransactionReceipt({ hash })
    const receipt = await chain.reader.getReceipt(hash)
    if (receipt === undefined) throw new Error('not mined')
    return receipt
  }

  return {
    rpcUrl,
    proxy,
    client,
    usdc,
    usdt,
    options,
    chain,
    newPayer,
    send,
    /** The chain's clock in seconds: the computer's says nothing. */
    now: async () => Number((await client.getBlock()).timestamp),
    balanceOf: (asset: Asset, owner: Address) => chain.reader.getBalance({ asset: asset.address, owner }),
    payTo: options.payTo,
    till: lower(till.address),
    signer: lower(signer.address),
    close: async () => {
      chain.close()
      await proxy.close()
      await devChain.close()
    },
  }
}

export type ChainWorld = Awaited<ReturnType<typeof openChainWorld>>
