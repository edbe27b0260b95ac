import type { Atomic } from '../../lib/money.ts'
import { addressWord, bytes32Word, uintWord, type Word } from '../../payment/signing/eip712.ts'
import { keccakOfText } from '../../payment/hex.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { Address, ChannelConfig, Hex, Network } from '../../payment/types.ts'
import { ChainError } from './errors.ts'

export type FeesPerGas = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }

/**
 * A wallet with a chain behind it, as viem makes it. Only withdrawals and approvals need one; calls need no RPC.
 *
 * @example createWalletClient({ account, chain: base, transport: http() }).extend(publicActions)
 */
export type ChainClient = {
  // Methods, so that viem's generic signatures are taken as they are.
  getChainId(): Promise<number>
  call(query: { to: Hex; data: Hex }): Promise<{ data?: Hex | undefined }>
  getBlock(): Promise<{ timestamp: bigint }>
  sendTransaction(transaction: { to: Hex; data: Hex }): Promise<Hex>
  waitForTransactionReceipt(query: { hash: Hex }): Promise<{ status: string }>
  /** These three only to have an approval sponsored (erc20ApprovalGasSponsoring). */
  signTransaction?(transaction: UnsentTransaction): Promise<Hex>
  getTransactionCount?(query: { address: Hex }): Promise<number>
  estimateFeesPerGas?(): Promise<FeesPerGas>
}

export type UnsentTransaction = FeesPerGas & {
  readonly to: Hex
  readonly data: Hex
  readonly nonce: number
  readonly gas: bigint
  readonly chainId: number
  readonly type: 'eip1559'
}

/** The data of a contract call: the function's selector, then words; only static types are needed here. */
export const encodeCall = ({
  signature,
  words,
}: {
  /** @example 'approve(address,uint256)' */
  signature: string
  words: readonly Word[]
}): Hex => `0x${keccakOfText(signature).slice(0, 8)}${words.join('')}`

/** A channel's config as the contract takes it: a static tuple is its fields one after another. */
export const CONFIG_TYPE = '(address,address,address,address,address,uint40,bytes32)'
export const configWords = (config: ChannelConfig): readonly Word[] => [
  addressWord(config.payer),
  addressWord(config.payerAuthorizer),
  addressWord(config.receiver),
  addressWord(config.receiverAuthorizer),
  addressWord(config.token),
  uintWord(config.withdrawDelay),
  bytes32Word(config.salt),
]

/** Reads numbers of 32 bytes each. Throws ChainError `unreadable` where the contract says something else, or nothing. */
export async function readNumbers({
  client,
  to,
  data,
  count,
}: {
  client: ChainClient
  to: Address
  data: Hex
  count: number
}): Promise<readonly bigint[]> {
  const { data: answer = '0x' } = await client.call({ to, data })
  if (answer.length !== 2 + 64 * count) {
    throw new ChainError('unreadable', `The contract ${to} does not answer as x402's contracts do.`)
  }
  return Array.from({ length: count }, (_, index) =>
    BigInt(`0x${answer.slice(2 + 64 * index, 66 + 64 * index)}`),
  )
}

/** @throws ChainError `wrong_chain`. */
export async function demandChain({
  client,
  network,
}: {
  client: ChainClient
  network: Network
}): Promise<void> {
  const chainId = await client.getChainId()
  if (chainId === chainIdOf(network)) return
  throw new ChainError('wrong_chain', `The client is on chain ${chainId}, and this is for ${network}.`)
}

/** Sends a transaction and waits until it is mined. Throws ChainError `transaction_failed` where it reverted. */
export async function sendAndWait({
  client,
  to,
  data,
}: {
  client: ChainClient
  to: Address
  data: Hex
}): Promise<Hex> {
  const hash = await client.sendTransaction({ to, data })
  const { status } = await client.waitForTransactionReceipt({ hash })
  if (status === 'success') return hash
  throw new ChainError('transaction_failed', `The transaction ${hash} reverted; nothing was moved.`)
}

/** Reads one number; undefined where the contract has no such function. */
export async function readNumber(query: {
  client: ChainClient
  to: Address
  signature: string
  words: readonly Word[]
}): Promise<Atomic | undefined> {
  const { client, to, signature, words } = query
  try {
    const [value] = await readNumbers({ client, to, data: encodeCall({ signature, words }), count: 1 })
    return value
  } catch {
    return undefined
  }
}
