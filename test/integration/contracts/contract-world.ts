import { parseEther, parseUnits } from 'viem'
import type { Abi, Address, Hex } from 'viem'
import { devAccount } from '../../../src/dev/accounts.ts'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { compileContracts } from '../../../src/dev/chain/compile-contracts.ts'
import { approvePermit2, fundAccount } from '../../../src/dev/chain/fund.ts'
import { startDevChain } from '../../../src/dev/chain/start-dev-chain.ts'

/** Ten dollars in the atomic units of both tokens; what a funded account of these tests starts with. */
export const TEN = parseUnits('10', 6)
/** One dollar in atomic units. */
export const ONE = parseUnits('1', 6)

type Write = { as: DevAccount; address: Address; contract: string; call: string; args: readonly unknown[] }
type Read = Omit<Write, 'as'>

/** A chain of its own for one test file, with what the tests keep asking of it. */
export async function openContractWorld() {
  const contracts = await compileContracts({ onProgress: () => {} })
  const chain = await startDevChain({})
  const { rpcUrl } = chain
  const client = devClient({ rpcUrl })
  const abiOf = (name: string): Abi => contracts[name]?.abi ?? []
  // A proxy's refusal is often Permit2's, which names it.
  const permit2Errors = abiOf('Permit2').filter(({ type }) => type === 'error')
  let accounts = 0

  /** Simulates first, so that a refusal carries the contract's reason; then sends and waits. */
  async function write({ as, address, contract, call, args }: Write) {
    const wallet = devClient({ rpcUrl, account: as })
    const request = {
      address,
      abi: [...abiOf(contract), ...permit2Errors],
      functionName: call,
      args,
      account: as,
    }
    await wallet.simulateContract(request)
    const hash = await wallet.writeContract(request)
    return client.waitForTransactionReceipt({ hash })
  }

  const read = ({ address, contract, call, args }: Read) =>
    client.readContract({ address, abi: abiOf(contract), functionName: call, args })

  const balanceOf = (token: Address, holder: Address) =>
    read({ address: token, contract: 'DevUsdc', call: 'balanceOf', args: [holder] }) as Promise<bigint>

  /** An account nobody has used, with gas; with `funded`, also ten of each token and Permit2's allowance. */
  async function newAccount(options: { funded?: boolean } = {}): Promise<DevAccount> {
    const account = devAccount({ label: `test account ${(accounts += 1)}` })
    const tokens = options.funded ? { usdc: TEN, usdt: TEN } : {}
    await fundAccount({ rpcUrl, address: account.address, ether: parseEther('1'), ...tokens })
    if (options.funded) await approvePermit2({ rpcUrl, privateKey: account.privateKey })
    return account
  }

  /** Deploys a contract of contracts/test at an address of its own. */
  async function deploy(name: string, args: readonly unknown[] = []): Promise<Address> {
    const account = await newAccount()
    const bytecode = contracts[name]?.creationCode ?? '0x'
    const hash = await devClient({ rpcUrl, account }).deployContract({
      account,
      abi: abiOf(name),
      bytecode,
      args,
    })
    const { contractAddress } = await client.waitForTransactionReceipt({ hash })
    if (!contractAddress) throw new Error(`${name} was not deployed`)
    return contractAddress
  }

  /** The chain's clock, in seconds: tests move it, so the computer's clock says nothing. */
  const now = async () => (await client.getBlock()).timestamp

  async function passTime(seconds: number): Promise<void> {
    await client.increaseTime({ seconds })
    await client.mine({ blocks: 1 })
  }

  return { ...chain, client, abiOf, write, read, balanceOf, newAccount, deploy, now, passTime }
}

export type ContractWorld = Awaited<ReturnType<typeof openContractWorld>>

let nonces = 0n
/** A nonce that no other authorisation of this file has. */
export const freshNonce = (): bigint => (nonces += 1n)
/** The same as 32 bytes. */
export const freshBytes32 = (): Hex => `0x${freshNonce().toString(16).padStart(64, '0')}`
