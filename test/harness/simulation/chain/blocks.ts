import type { Address, Hex } from '../../../../src/payment/types.ts'
import type { Receipt } from '../../../../src/settlement/ports.ts'
import type { Random } from '../random.ts'
import { execute, type Logs, type Moved, Revert } from './execute.ts'
import type { Operation } from './operations.ts'
import { type ChainState, createChainState } from './state.ts'

/** A transaction on its way. Without a nonce it is somebody's whose nonces are not ours to count. */
export type Pending = {
  readonly hash: Hex
  readonly sender: Address
  readonly nonce?: number
  readonly operation: Operation
  /** Wei per unit of gas, at most. */
  readonly maxFee: bigint
}

type MinedTransfer = Moved & { readonly hash: Hex; readonly logIndex: number }

type Block = {
  readonly number: bigint
  readonly hash: Hex
  readonly timestamp: number
  /** The journal before it. */
  readonly mark: number
  readonly transactions: readonly Pending[]
  readonly transfers: readonly MinedTransfer[]
  /** What can be asked of a block of the past. */
  readonly after: Pick<ChainState, 'channels' | 'nonces' | 'refundNonces'>
}

const GAS_USED = 60_000n
export const USUAL_FEE_WEI = 7n

/** Blocks that final ones have on top of them; deeper than any reorganisation that the driver makes. */
const FINAL_DEPTH = 12

/** The chain: state, blocks and what waits to be mined. */
export function createBlocks({
  payTo,
  random,
  isSilent,
}: {
  payTo: Address
  random: Random
  isSilent: boolean
}) {
  const state = createChainState()
  const blocks: Block[] = []
  const mempool = new Map<Hex, Pending>()
  const receipts = new Map<Hex, Receipt>()
  let forks = 0
  const market = { feeWei: USUAL_FEE_WEI }

  const nonceOf = (address: Address) => state.nonces.get(address) ?? 0

  /** What the chain would say to an operation now; nothing of it stays. */
  function simulate(request: {
    sender: Address
    operation: Operation
    timestamp: number
  }): string | undefined {
    const mark = state.journal.mark()
    try {
      execute({ state, payTo, isSilent, ...request }, request.operation)
      return undefined
    } catch (error) {
      if (error instanceof Revert) return error.message
      throw error
    } finally {
      state.journal.undo(mark)
    }
  }

  function runOne({ sender, nonce, operation }: Pending, timestamp: number): Logs | 'reverted' {
    if (nonce !== undefined) {
      const cost = (state.gasSpent.get(sender) ?? 0n) + GAS_USED * market.feeWei
      state.journal.put(state.gasSpent, sender, cost)
      state.journal.put(state.nonces, sender, nonce + 1)
    }
    const mark = state.journal.mark()
    try {
      return execute({ state, payTo, isSilent, sender, timestamp }, operation)
    } catch (error) {
      if (!(error instanceof Revert)) throw error
      state.journal.undo(mark)
      return 'reverted'
    }
  }

  const canBeMined = ({ sender, nonce, maxFee }: Pending) =>
    maxFee >= market.feeWei && (nonce === undefined || nonce === nonceOf(sender))

  /** Mines a block of what can go into one; `share` of a hundred is taken of it, in the order of nonces. */
  function mine({ timestamp, share = 100 }: { timestamp: number; share?: number }): void {
    const number = BigInt(blocks.length + 1)
    const hash: Hex = `0xb${number.toString(16)}f${forks}`
    const block = { number, hash, timestamp, mark: state.journal.mark() }
    if (mempool.size === 0) {
      const after = blocks.at(-1)?.after ?? {
        channels: new Map(),
        nonces: new Map(),
        refundNonces: new Map(),
      }
      blocks.push({ ...block, transactions: [], transfers: [], after })
      return
    }
    const transactions: Pending[] = []
    const transfers: MinedTransfer[] = []
    const left = new Set(mempool.values())
    for (let found = true; found;) {
      found = false
      for (const pending of left) {
        if (!canBeMined(pending)) continue
        left.delete(pending)
        if (share < 100 && !random.percent(share)) continue
        found = true
        mempool.delete(pending.hash)
        transactions.push(pending)
        transfers.push(...include(pending, block, transfers.length))
      }
    }
    for (const { hash: old, nonce, sender } of mempool.values())
      if (nonce !== undefined && nonce < nonceOf(sender)) mempool.delete(old)
    const after = {
      channels: new Map(state.channels),
      nonces: new Map(state.nonces),
      refundNonces: new Map(state.refundNonces),
    }
    blocks.push({ ...block, transactions, transfers, after })
  }

  function include(
    pending: Pending,
    { number, hash, timestamp }: Pick<Block, 'number' | 'hash' | 'timestamp'>,
    logsBefore: number,
  ): MinedTransfer[] {
    const logs = runOne(pending, timestamp)
    const { transfers, claims } = logs === 'reverted' ? { transfers: [], claims: [] } : logs
    const own = transfers.map((moved, at) => ({ ...moved, hash: pending.hash, logIndex: logsBefore + at }))
    receipts.set(pending.hash, {
      status: logs === 'reverted' ? 'reverted' : 'success',
      blockNumber: number,
      blockHash: hash,
      gasUsed: GAS_USED,
      effectiveGasPriceWei: market.feeWei,
      l1FeeWei: 0n,
      transfers: own,
      claims,
    })
    return own
  }

  /** Takes blocks back; their transactions wait again, except those that are forgotten (`forget` of a hundred). */
  function reorganise({ depth, forget }: { depth: number; forget: number }): void {
    forks += 1
    for (let taken = 0; taken < depth; taken += 1) {
      const block = blocks.pop()
      if (!block) return
      state.journal.undo(block.mark)
      for (const pending of block.transactions) {
        receipts.delete(pending.hash)
        if (!random.percent(forget)) mempool.set(pending.hash, pending)
      }
    }
  }

  return {
    state,
    market,
    mempool,
    receipts,
    simulate,
    mine,
    reorganise,
    nonceOf,
    head: () => blocks.at(-1) ?? { number: 0n, hash: '0xb0', timestamp: 0 },
    finalNumber: () => BigInt(Math.max(0, blocks.length - FINAL_DEPTH)),
    /** The state after a block of the past. */
    after: (number: bigint) => blocks[Number(number) - 1]?.after,
    /** Everything that was mined and not taken back, in order. */
    mined: () =>
      blocks.flatMap(({ number, transactions }) =>
        transactions.flatMap((pending) => {
          const receipt = receipts.get(pending.hash)
          return receipt ? [{ ...pending, receipt, blockNumber: number }] : []
        }),
      ),
    transfersIn: (from: bigint, to: bigint) =>
      blocks
        .filter(({ number }) => number >= from && number <= to)
        .flatMap(({ number, transfers }) =>
          transfers.map((transfer) => ({ ...transfer, blockNumber: number })),
        ),
  }
}

export type Blocks = ReturnType<typeof createBlocks>
