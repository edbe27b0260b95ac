import { setTimeout as sleep } from 'node:timers/promises'
import { fallback, http } from 'viem'
import type { Hex } from 'viem'
import { LIMITS } from '../lib/limits.ts'
import type { Address } from '../payment/types.ts'
import { createHeadFloor, type HeadFloor } from './head-floor.ts'
import { limitedFetch } from './limited-fetch.ts'
import { RpcError, toRpcError } from './rpc-error.ts'

/** Whom a read asks. Requests of one tick travel in one HTTP request. Every failure is an {@link RpcError}. */
export type Asker = {
  readonly request: (method: string, params: readonly unknown[]) => Promise<unknown>
}

/** JSON-RPC to one network: the first RPC that answers. */
export type Rpc = Asker & {
  /** Each RPC of the list by itself, for what no other can do instead. */
  readonly each: readonly Asker[]
  /**
   * The same read by every RPC, for what money depends on: the answers of those that answer and are not behind, at least one.
   * @throws RpcError where there is none.
   */
  readonly consult: <Value>(read: (rpc: Asker) => Promise<Value>) => Promise<readonly Value[]>
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
    http(url, {
      batch: { batchSize: BATCH_SIZE },
      retryCount: 0,
      timeout: timeoutMs,
      fetchOptions,
      fetchFn: limitedFetch,
    }),
  )
  const shouldThrow = (error: Error) => toRpcError({ error, method: '' }).isRevert
  const all: Transport = fallback(transports, { retryCount: 0, shouldThrow })({ retryCount: 0 })
  const floor = createHeadFloor({ rpcCount: rpcUrls.length })

  const ask = (transport: Transport) => async (method: string, params: readonly unknown[]) => {
    if (closing.signal.aborted) throw new RpcError({ kind: 'unreachable', method })
    try {
      return await transport.request({ method, params })
    } catch (error) {
      throw toRpcError({ error, method })
    }
  }
  const each: Asker[] = transports.map((open) => ({ request: ask(open({ retryCount: 0 })) }))
  return {
    request: ask(all),
    each,
    consult: (read) => consult({ each, floor, read }),
    close: () => closing.abort(),
  }
}

async function consult<Value>({
  each,
  floor,
  read,
}: {
  each: readonly Asker[]
  floor: HeadFloor
  read: (rpc: Asker) => Promise<Value>
}): Promise<readonly Value[]> {
  const method = 'eth_blockNumber'
  const { answers, refusal } = await answersInTime(
    each.map(async (rpc) => {
      const [head, value] = await Promise.all([rpc.request(method, []), read(rpc)])
      return { head: readQuantity({ value: head, method }), value }
    }),
  )
  if (answers.length === 0) throw refusal
  floor.note(answers.map(({ head }) => head))
  const fresh = answers.filter(({ head }) => !floor.isBehind(head))
  if (fresh.length === 0) throw new RpcError({ kind: 'behind', method })
  return fresh.map(({ value }) => value)
}

/** Waits for all, but once one has answered no longer than that for those that hang. */
async function answersInTime<Answer>(asked: readonly Promise<Answer>[]) {
  const answers: Answer[] = []
  let refusal: unknown
  const all = asked.map((one) =>
    one.then(
      (answer) => void answers.push(answer),
      (error: unknown) => void (refusal ??= error),
    ),
  )
  const patience = Promise.any(asked).then(
    () => sleep(LIMITS.rpcPatienceMs, undefined, { ref: false }),
    () => undefined,
  )
  await Promise.race([Promise.all(all), patience])
  // Where all have refused, the race may have ended before the last of them was noted.
  if (answers.length === 0) await Promise.all(all)
  return { answers: [...answers], refusal }
}

/** `latest` or a number, as JSON-RPC wants it. */
export const blockTag = (blockNumber: bigint | undefined) =>
  blockNumber === undefined ? 'latest' : toQuantity(blockNumber)

export const toQuantity = (value: bigint): Hex => `0x${value.toString(16)}`

/** eth_call. @returns the bytes that the contract gave back. */
export async function ethCall(query: {
  rpc: Asker
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
