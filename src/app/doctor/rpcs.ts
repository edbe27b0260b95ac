import { isOf, type RpcSight, type RpcSights } from '../../chain/read/examine-rpcs.ts'
import { LIMITS } from '../../lib/limits.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import type { Network } from '../../payment/types.ts'
import { fail, ok, type Verdict, warn } from './verdict.ts'

type Seen = RpcSights & {
  readonly network: Network
  /** One for each sight: their hosts alone, since operators put keys into addresses. */
  readonly hosts: readonly string[]
  readonly nowMs: number
  /** A chain that makes a block only when there is something to put in has an old head by nature. */
  readonly hasBlocksOnDemand: boolean
}

/** Each RPC by itself, then whether two of them say the same. */
export function judgeRpcs(seen: Seen): readonly Verdict[] {
  const { sights, hosts } = seen
  return [
    ...sights.map((sight, index) => judgeOne({ ...seen, sight, host: hosts[index] ?? '' })),
    judgeAgreement(seen),
  ]
}

function judgeOne({
  sight,
  host,
  network,
  nowMs,
  hasBlocksOnDemand,
}: Seen & { sight: RpcSight; host: string }): Verdict {
  const name = `rpc ${network} ${host}`
  const variable = `TURNPIKE_RPC_${chainIdOf(network)}`
  if (sight.kind === 'silent') {
    return fail({
      name,
      seen:
        sight.why === 'unreachable' ? 'does not answer in JSON-RPC.' : `answers, and ${WORDS[sight.why]}.`,
      fix: `Correct its address in ${variable}, or put another RPC in its place.`,
    })
  }
  if (sight.chainId !== chainIdOf(network)) {
    return fail({
      name,
      seen: `is an RPC of chain ${sight.chainId}, not of ${chainIdOf(network)}.`,
      fix: `Move it to TURNPIKE_RPC_${sight.chainId}, and name one of ${network} in ${variable}.`,
    })
  }
  const ageSeconds = Math.round(nowMs / 1_000) - sight.head.timestamp
  const seen = `block ${sight.head.number}, ${ageSeconds} s old, in ${sight.elapsedMs} ms`
  if (ageSeconds <= LIMITS.staleHeadSeconds || hasBlocksOnDemand) return ok(name, seen)
  return fail({
    name,
    seen: `its newest block ${sight.head.number} is ${ageSeconds} s old.`,
    fix: `Put another RPC in its place in ${variable}, unless the line of the clock fails as well.`,
  })
}

const WORDS = {
  refused: 'refuses what it is asked',
  unusable: 'its results cannot be used',
  behind: 'is behind the chain',
  disputed: 'contradicts itself',
} as const

function judgeAgreement({ network, sights, sharedBlock }: Seen): Verdict {
  const name = `rpcs ${network}`
  const variable = `TURNPIKE_RPC_${chainIdOf(network)}`
  const hashes = sights.flatMap((sight) =>
    isOf(network)(sight) && sight.sharedHash !== undefined ? [sight.sharedHash] : [],
  )
  if (sights.length === 1) {
    return warn({
      name,
      seen: 'one RPC alone, whose word is taken for the chain.',
      fix: `Add one of another company to ${variable}.`,
    })
  }
  if (hashes.length < 2) {
    return fail({
      name,
      seen: `${hashes.length} of ${sights.length} can be used, and one alone makes no block final.`,
      fix: `Mend the others in ${variable}.`,
    })
  }
  if (new Set(hashes).size > 1) {
    return fail({
      name,
      seen: `they have different blocks ${sharedBlock}.`,
      fix: `Take the one that a block explorer contradicts off ${variable}; nothing is settled until then.`,
    })
  }
  return ok(name, `${hashes.length} agree on block ${sharedBlock}`)
}
