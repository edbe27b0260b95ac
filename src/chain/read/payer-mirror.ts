import { encodeFunctionData } from 'viem'
import type { PayerMirror } from '../../call/ports.ts'
import { minBigint } from '../../lib/money.ts'
import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import { erc20Abi } from '../abi.ts'
import type { ReadCall } from '../multicall.ts'
import { multicall, readUint } from '../multicall.ts'
import type { Asker, Rpc } from '../rpc.ts'

type Query = Parameters<PayerMirror['getSpendable']>[0]
type Spendable = Awaited<ReturnType<PayerMirror['getSpendable']>>
/** Aged from the start of its request: the chain's answer may be as old as that. */
type Entry = { readonly startedAtMs: number; readonly read: Promise<Spendable>; isPending: boolean }

/** Payers that are remembered; the one asked for longest ago is forgotten first. */
const REMEMBERED = 10_000

/**
 * Remembers what payers can spend. One request per payer and token and age, however many calls ask at once; a read
 * under way is shared by all who come meanwhile, and a failed one is forgotten.
 *
 * @param options.nowMs a clock that never goes back; only differences count.
 */
export function createPayerMirror(options: {
  rpc: Rpc
  remembered?: number
  nowMs?: () => number
}): PayerMirror {
  const { rpc, remembered = REMEMBERED, nowMs = () => performance.now() } = options
  const entries = new Map<string, Entry>()

  function begin({ key, query }: { key: string; query: Query }): Entry {
    const entry: Entry = { startedAtMs: nowMs(), read: readWorst({ rpc, query }), isPending: true }
    const isCurrent = () => entries.get(key) === entry
    entry.read.then(
      () => (entry.isPending = false),
      () => isCurrent() && entries.delete(key),
    )
    return entry
  }

  return {
    getSpendable(query) {
      const key = `${query.asset.address} ${query.payer}`
      const known = entries.get(key)
      const isGood = known && (known.isPending || nowMs() - known.startedAtMs <= query.maxAgeMs)
      const entry = isGood ? known : begin({ key, query })
      entries.delete(key)
      entries.set(key, entry)
      if (entries.size > remembered) forgetOldest(entries)
      return entry.read
    },
  }
}

function forgetOldest(entries: Map<string, Entry>): void {
  const [oldest] = entries.keys()
  if (oldest !== undefined) entries.delete(oldest)
}

/** The worse answer of all RPCs: one that lies can refuse a payer, not lend to it. */
async function readWorst({ rpc, query }: { rpc: Rpc; query: Query }): Promise<Spendable> {
  const answers = await rpc.consult((one) => readSpendable({ rpc: one, query }))
  return answers.reduce((worst, { balanceAtomic, permit2AllowanceAtomic }) => ({
    balanceAtomic: minBigint(worst.balanceAtomic, balanceAtomic),
    permit2AllowanceAtomic: minBigint(worst.permit2AllowanceAtomic, permit2AllowanceAtomic),
  }))
}

async function readSpendable({ rpc, query }: { rpc: Asker; query: Query }): Promise<Spendable> {
  const { asset, payer } = query
  const calls: readonly ReadCall[] = [
    encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [payer] }),
    encodeFunctionData({ abi: erc20Abi, functionName: 'allowance', args: [payer, PERMIT2] }),
  ].map((data) => ({ to: asset.address, data }))
  const [balance, allowance] = await multicall({ rpc, calls })
  return { balanceAtomic: readUint(balance), permit2AllowanceAtomic: readUint(allowance) }
}
