import type { Hex } from 'viem'
import type { Calldata, Prepared } from '../../settlement/ports.ts'
import type { Lane } from '../../settlement/types.ts'
import { RpcError } from '../rpc-error.ts'
import { ethCall, readQuantity, toQuantity } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'
import { diagnoseTransfer } from './diagnose-transfer.ts'
import { feesWithin, readFeeMarket } from './fees.ts'
import type { FeeCaps } from './fees.ts'
import { movementOf } from './movement.ts'
import type { RefusalReason, UnknownReason } from './refusal.ts'
import { revertReason } from './revert-reason.ts'

/** State may grow between the simulation and the block: a balance that was zero costs 20,000 more. */
const withMargin = (gas: bigint) => (gas * 5n) / 4n + 20_000n

const refused = (reason: RefusalReason): Prepared => ({ ok: false, reason, unknown: false })
const unknown = (reason: UnknownReason): Prepared => ({ ok: false, reason, unknown: true })

/**
 * Asks the chain whether it would take a call from this lane now, and at which price. Four requests, which travel
 * together; a fifth where a token refuses without a word.
 *
 * What is wrong with us (no gas, fees above the cap) or with the RPC is `unknown`: it says nothing about the payment.
 */
export async function prepare(request: {
  rpc: Rpc
  lane: Lane
  call: Calldata
  caps: FeeCaps
}): Promise<Prepared> {
  const { rpc, lane, call, caps } = request
  const from = lane.address
  const valueWei = call.valueWei ?? 0n
  try {
    const [simulation, estimate, market, funds] = await Promise.allSettled([
      ethCall({ rpc, to: call.to, data: call.data, from }),
      readAmount({
        rpc,
        method: 'eth_estimateGas',
        params: [
          { from, to: call.to, data: call.data, ...(valueWei > 0n ? { value: toQuantity(valueWei) } : {}) },
        ],
      }),
      readFeeMarket(rpc),
      readAmount({ rpc, method: 'eth_getBalance', params: [from, 'latest'] }),
    ])
    if (simulation.status === 'rejected') return await refusal({ ...request, error: simulation.reason })
    if (isFalse(simulation.value)) return refused('returned_false')
    if (estimate.status === 'rejected') return await refusal({ ...request, error: estimate.reason })
    const fees = feesWithin({ market: valueOf(market), caps })
    if (fees === undefined) return unknown('fee_above_cap')
    const gasLimit = withMargin(estimate.value)
    if (valueOf(funds) < gasLimit * fees.maxFeePerGasWei + valueWei) return unknown('lane_without_gas')
    return { ok: true, call, gasLimit, ...fees }
  } catch (error) {
    return unknown(unknownReason(error))
  }
}

async function readAmount(query: { rpc: Rpc; method: string; params: readonly unknown[] }): Promise<bigint> {
  const { rpc, method, params } = query
  return readQuantity({ value: await rpc.request(method, params), method })
}

function valueOf<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

/** A function that returns one bool said no without reverting, as some tokens' `transfer` does. */
const isFalse = (answer: Hex) => /^0x0{64}$/.test(answer)

async function refusal(request: { rpc: Rpc; lane: Lane; call: Calldata; error: unknown }): Promise<Prepared> {
  const { rpc, lane, call, error } = request
  if (!(error instanceof RpcError && error.isRevert)) throw error
  const reason = revertReason(error)
  if (reason !== 'reverted' && reason !== 'transfer_failed') return refused(reason)
  const movement = movementOf({ call, lane: lane.address })
  if (movement === undefined) return refused(reason)
  return refused((await diagnoseTransfer({ rpc, movement })) ?? reason)
}

function unknownReason(error: unknown): UnknownReason {
  if (!(error instanceof RpcError)) throw error
  // Some nodes look at the sender's ether already while they estimate.
  if (/insufficient funds|gas required exceeds allowance/i.test(error.refusal)) return 'lane_without_gas'
  return `rpc_${error.kind}`
}
