import { zeroAddress } from 'viem'
import type { Address, Hex } from 'viem'
import { devAccounts } from '../accounts.ts'
import { tokenAbi } from './abis.ts'
import * as at from './addresses.ts'
import { startAnvil } from './anvil-process.ts'
import { devClient } from './clients.ts'
import { compileContracts } from './compile-contracts.ts'
import type { CompiledContracts } from './compile-contracts.ts'
import { placeCode } from './place-code.ts'
import { sendAsTokenOwner } from './send-as.ts'

/** A running dev chain and the addresses on it. `close` stops it and waits until its state is written. */
export type DevChain = {
  rpcUrl: string
  port: number
  chainId: 84532
  genesisHash: Hex
  usdc: Address
  usdt: Address
  permit2: Address
  batchSettlement: Address
  exactProxy: Address
  uptoProxy: Address
  pid: number
  close: () => Promise<void>
}

const PLACES: readonly (readonly [name: string, address: Address])[] = [
  ['DevUsdc', at.USDC],
  ['DevUsdt', at.USDT],
  ['Permit2', at.PERMIT2],
  ['Multicall3', at.MULTICALL3],
  ['X402ExactPermit2Proxy', at.EXACT_PROXY],
  ['X402UptoPermit2Proxy', at.UPTO_PROXY],
  ['X402BatchSettlement', at.BATCH_SETTLEMENT],
  ['Erc3009DepositCollector', at.ERC3009_DEPOSIT_COLLECTOR],
  ['Permit2DepositCollector', at.PERMIT2_DEPOSIT_COLLECTOR],
]

/**
 * Starts a chain on this machine that looks like Base Sepolia to an x402 client: dev USDC and USDT, Permit2, Multicall3 and
 * the x402 contracts lie at their canonical addresses. It ends with this process, even if this process is killed.
 *
 * @param options.port 0 or absent: any free port.
 * @param options.statePath a file that carries the chain over restarts; what it holds is not deployed again.
 * @param options.blockTimeSeconds a block every so many seconds, for tests of waiting; otherwise every transaction is mined
 * at once.
 * @param options.onProgress receives a line before anything slow, such as the first compilation.
 * @throws Error where the port is in use, a contract does not compile, or anvil does not come up.
 *
 * @example
 * const chain = await startDevChain({ statePath: '.turnpike/chain.json', onProgress: console.error })
 * await chain.close()
 */
export async function startDevChain(options: {
  port?: number
  statePath?: string
  blockTimeSeconds?: number
  onProgress?: (line: string) => void
}): Promise<DevChain> {
  const { port = 0, statePath, blockTimeSeconds, onProgress = () => {} } = options
  const contracts = await compileContracts({ onProgress })
  const anvil = await startAnvil({ port, statePath, blockTimeSeconds })
  try {
    await furnish({ rpcUrl: anvil.rpcUrl, contracts })
    const genesis = await devClient({ rpcUrl: anvil.rpcUrl }).getBlock({ blockNumber: 0n })
    onProgress(`dev chain ${at.DEV_CHAIN_ID} at ${anvil.rpcUrl}`)
    return {
      ...anvil,
      chainId: at.DEV_CHAIN_ID,
      genesisHash: genesis.hash,
      usdc: at.USDC,
      usdt: at.USDT,
      permit2: at.PERMIT2,
      batchSettlement: at.BATCH_SETTLEMENT,
      exactProxy: at.EXACT_PROXY,
      uptoProxy: at.UPTO_PROXY,
    }
  } catch (error) {
    await anvil.close()
    throw error
  }
}

/** Lays every contract where clients look for it and gives the tokens their owner. */
async function furnish(options: { rpcUrl: string; contracts: CompiledContracts }): Promise<void> {
  const { rpcUrl, contracts } = options
  const client = devClient({ rpcUrl })
  for (const [name, address] of PLACES) {
    const compiled = contracts[name]
    if (!compiled) throw new Error(`The contract ${name} was not compiled.`)
    await placeCode({ client, address, creationCode: compiled.creationCode })
  }
  for (const address of [at.USDC, at.USDT]) {
    const token = { address, abi: tokenAbi }
    const owner = await client.readContract({ ...token, functionName: 'owner' })
    if (owner !== zeroAddress) continue
    const args = [devAccounts.tokenOwner.address]
    await sendAsTokenOwner({ rpcUrl, call: { ...token, functionName: 'initialize', args } })
  }
}
