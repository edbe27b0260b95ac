import { keepNewest } from '../../facilitator/keep-newest.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Hex } from '../../payment/types.ts'
import type { Calldata, Prepared, SignedTransaction } from '../../settlement/ports.ts'
import type { Lane } from '../../settlement/types.ts'
import { readCount } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { broadcast } from '../send/broadcast.ts'
import type { FeeCaps } from '../send/fees.ts'
import { prepare } from '../send/prepare.ts'
import { createSign } from '../send/sign.ts'

/** Why this key did not send. The word is ours; it goes to whoever asked. */
export class LaneRefusal extends Error {
  override readonly name = 'LaneRefusal'
  readonly reason: string

  constructor(reason: string) {
    super(`lane_refused:${reason}`)
    this.reason = reason
  }
}

export type GasLane = {
  /** Signs and broadcasts. @returns the hash, also where no RPC has confirmed that it took the bytes. @throws LaneRefusal, RpcError */
  readonly send: (call: Calldata) => Promise<Hex>
  /** The last transaction of such a call that was sent and that no block has yet. @throws RpcError */
  readonly findOpen: (isIt: (call: Calldata) => boolean) => Promise<Hex | undefined>
  /** Of the key: transactions mined, and with those that wait. @throws RpcError */
  readonly countTransactions: () => Promise<{ readonly mined: number; readonly pending: number }>
}

const DAY_MS = 86_400_000
/** How long an RPC's count of what waits may lag behind what it was given. */
const LAG_MS = 10_000
const METHOD = 'eth_getTransactionCount'

/**
 * The key of a facilitator on one network: one transaction after another, each simulated first, within a price of gas, a limit of gas
 * and a day's budget. Two users of a key would sign over each other, so that nobody else may have it.
 */
export function createGasLane({
  rpc,
  lane,
  key,
  caps,
  maxPerDayWei,
  nowMs,
}: {
  rpc: Rpc
  lane: Lane
  key: Hex
  caps: FeeCaps
  /** What may be spent within 24 hours, as far as this process remembers. */
  maxPerDayWei: bigint
  nowMs: () => number
}): GasLane {
  const sign = createSign({ network: lane.network, keys: [key] })
  let spent: readonly { readonly atMs: number; readonly wei: bigint }[] = []
  const sent = new Map<Hex, SignedTransaction & { readonly call: Calldata }>()
  let last: { readonly nonce: number; readonly atMs: number } | undefined
  let tail: Promise<unknown> = Promise.resolve()
  const count = async (block: 'latest' | 'pending') =>
    readCount({ value: await rpc.request(METHOD, [lane.address, block]), method: METHOD })

  const reserve = (prepared: Extract<Prepared, { ok: true }>) => {
    if (prepared.gasLimit > LIMITS.facilitatorGas) throw new LaneRefusal('gas_limit_exceeded')
    const wei = prepared.gasLimit * prepared.usualFeePerGasWei
    const since = nowMs() - DAY_MS
    spent = spent.filter(({ atMs }) => atMs > since)
    const sum = spent.reduce((total, one) => total + one.wei, wei)
    if (sum > maxPerDayWei) throw new LaneRefusal('gas_budget_spent')
    return { atMs: nowMs(), wei }
  }

  const nextNonce = async () => {
    const pending = await count('pending')
    // An RPC that has not yet seen the last transaction would give its nonce away twice.
    const isLagging = last !== undefined && last.nonce >= pending && nowMs() - last.atMs < LAG_MS
    return isLagging && last ? last.nonce + 1 : pending
  }

  /**
   * The same call again is the same transaction, sent again: unless the chain has refused that one, or its place in the key's order
   * went to another, so that no block will ever have it.
   */
  const resend = async (call: Calldata): Promise<Hex | undefined> => {
    const earlier = sent.get(call.data)
    if (!earlier) return undefined
    const outcome = await outcomeOf(earlier.hash)
    if (outcome !== undefined) return outcome === 'success' ? earlier.hash : undefined
    if ((await broadcast({ rpc, raw: earlier.raw })) !== 'nonce-too-low') return earlier.hash
    // It may have been mined a moment ago; then that is its outcome, and no second one is signed.
    return (await outcomeOf(earlier.hash)) === 'success' ? earlier.hash : undefined
  }

  const outcomeOf = async (hash: Hex): Promise<'success' | 'reverted' | undefined> => {
    const receipt = await rpc.request('eth_getTransactionReceipt', [hash])
    if (typeof receipt !== 'object' || receipt === null) return undefined
    return 'status' in receipt && receipt.status === '0x1' ? 'success' : 'reverted'
  }

  const sendNext = async (call: Calldata): Promise<Hex> => {
    const again = await resend(call)
    if (again !== undefined) return again
    const prepared = await prepare({ rpc, lane, call, caps })
    if (!prepared.ok) throw new LaneRefusal(prepared.reason)
    const cost = reserve(prepared)
    const nonce = await nextNonce()
    const signed = await sign({ lane, nonce, prepared })
    const { raw, hash } = signed
    // Noted before it is sent: an answer that is lost costs the same.
    spent = [...spent, cost]
    keepNewest({ map: sent, key: call.data, value: { ...signed, call } })
    last = { nonce, atMs: nowMs() }
    const word = await broadcast({ rpc, raw })
    if (word !== 'underpriced' && word !== 'nonce-too-low') return hash
    last = undefined
    sent.delete(call.data)
    spent = spent.filter((one) => one !== cost)
    throw new LaneRefusal(word === 'underpriced' ? 'transaction_underpriced' : 'nonce_of_key_used')
  }

  return {
    send(call) {
      const sending = tail.then(() => sendNext(call))
      tail = sending.catch(() => undefined)
      return sending
    },
    async findOpen(isIt) {
      const found = [...sent.values()].findLast(({ call }) => isIt(call))
      if (!found) return undefined
      const receipt = await rpc.request('eth_getTransactionReceipt', [found.hash])
      return receipt === null ? found.hash : undefined
    },
    async countTransactions() {
      const [mined, pending] = await Promise.all([count('latest'), count('pending')])
      return { mined, pending }
    },
  }
}
