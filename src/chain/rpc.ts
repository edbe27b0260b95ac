import { fallback, http } from 'viem'
import type { Hex } from 'viem'
import type { Address } from '../payment/types.ts'
import { RpcError, toRpcError } from './rpc-error.ts'

/** JSON-RPC to one network. Requests of one tick travel in one HTTP request. Every failure is an {@link RpcError}. */
export type Rpc = {
  readonly request: (method: string, params: readonly unknown[]) => Promise<unknown>
  /** The same, to each RPC of the list in turn, for what no other RPC can answer instead. */
  readonly each: readonly ((method: string, params: readonly unknown[]) => Promise<unknown>)[]
  /** Refuses everything from now on, also what is still under way. */
  readonly close: () => void
}

type Transport = { request: (args: { method: string; params?: unknown }) => Promise<unknown> }

const TIMEOUT_MS = 10_000
/** Providers refuse larger JSON-RPC batches. */
const BATCH_SIZE = 100

/**
 * Opens the way to a network's RPCs: the first that answers counts, and a contract's refusal is an answer.
 *
 * Nothing is retried here: the caller knows what may be asked again.
 *
 * @param options.rpcUrls in the order of preference, at least one.
 * @example await createRpc({ rpcUrls: ['http://127.0.0.1:8545'] }).request('eth_chainId', [])
 */
export function createRpc(options: { rpcUrls: readonly string[]; timeoutMs?: number }): Rpc {
  const { rpcUrls, timeoutMs = TIMEOUT_MS } = options
  if (rpcUrls.length === 0) throw new Error('A network needs at least one RPC.')
  const closing = new AbortController()
  const fetchOptions = { signal: closing.signal }
  const transports = rpcUrls.map((url) =>
    http(url, { batch: { batchSize: BATCH_SIZE }, retryCount: 0, timeout: timeoutMs, fetchOptions }),
  )
  const shouldThrow = (error: Error) => toRpcError({ error, method: '' }).isRevert
  const all: Transport = fallback(transports, { retryCount: 0, shouldThrow })({ retryCount: 0 })
  const each: Transport[] = transports.map((open) => open({ retryCount: 0 }))

  const ask = (transport: Transport) => async (method: string, params: readonly unknown[]) => {
    if (closing.signal.aborted) throw new RpcError({ kind: 'unreachable', method })
    try {
      return await transport.request({ method, params })
    } catch (error) {
      throw toRpcError({ error, method })
    }
  }
  return { request: ask(all), each: each.map(ask), close: () => closing.abort() }
}

/** `latest` or a number, as JSON-RPC wants it. */
export const blockTag = (blockNumber: bigint | undefined) =>
  blockNumber === undefined ? 'latest' : toQuantity(blockNumber)

export const toQuantity = (value: bigint): Hex => `0x${value.toString(16)}`

/** eth_call. @returns the bytes that the contract gave back. */
export async function ethCall(query: {
  rpc: Rpc
  to: Address
  data: Hex
  from?: Address
  blockNumber?: bigint | undefined
}): Promise<Hex> {
  const { rpc, to, data, from, blockNumber } = query
  const transaction = from === undefined ? { to, data } : { from, to, data }
  const answer = await rpc.request('eth_call', [transaction, blockTag(blockNumber)])
  return readHex({ value: answer, method: 'eth_call' })
}

type Answer = { value: unknown; method: string }

export const unusable = (method: string) => new RpcError({ kind: 'unusable', method })

/** Bytes of any length. */
export function readHex({ value, method }: Answer): Hex {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(value)) throw unusable(method)
  return value.toLowerCase() as Hex
}

/** A hash: 32 bytes. */
export function readHash(answer: Answer): Hex {
  const hash = readHex(answer)
  if (hash.length !== 66) throw unusable(answer.method)
  return hash
}

/** An address: 20 bytes, lower case. */
export function readAddress(answer: Answer): Address {
  const address = readHex(answer)
  if (address.length !== 42) throw unusable(answer.method)
  return address
}

/** A JSON-RPC quantity, such as `0x1a`. */
export function readQuantity({ value, method }: Answer): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value)) throw unusable(method)
  return BigInt(value)
}

/** A quantity that counts something: nonces, timestamps, indexes. */
export function readCount(answer: Answer): number {
  const count = Number(readQuantity(answer))
  if (!Number.isSafeInteger(count)) throw unusable(answer.method)
  return count
}

export function readObject({ value, method }: Answer): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unusable(method)
  return { ...value }
}

export function readArray({ value, method }: Answer): readonly unknown[] {
  if (!Array.isArray(value)) throw unusable(method)
  return value
}
