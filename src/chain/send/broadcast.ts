import { keccak256 } from 'viem'
import type { Hex } from '../../payment/types.ts'
import type { ChainSender } from '../../settlement/ports.ts'
import { RpcError } from '../rpc-error.ts'
import type { Rpc } from '../rpc.ts'

export type BroadcastWord = Awaited<ReturnType<ChainSender['broadcast']>>

/**
 * Nodes' words, in the order in which they are tried: "replacement transaction underpriced" must never be taken for a
 * used nonce.
 */
const WORDS: readonly (readonly [RegExp, BroadcastWord])[] = [
  [
    /underpriced|fee too low|feetoolow|max fee per gas less than block base fee|replacementnotallowed/i,
    'underpriced',
  ],
  [
    /already known|alreadyknown|already imported|known transaction|already in (?:the )?mempool|already exists/i,
    'known',
  ],
  [/nonce (?:is )?too low|nonce has already been used|oldnonce|nonce too small/i, 'nonce-too-low'],
]

/** The better word where two RPCs disagree. */
const RANK: readonly BroadcastWord[] = ['sent', 'known', 'nonce-too-low', 'underpriced', 'unknown']

/**
 * Sends signed bytes, to one RPC after another until one has them. The same bytes may be sent any number of times.
 *
 * An RPC that answers with another hash is not believed.
 */
export async function broadcast({ rpc, raw }: { rpc: Rpc; raw: Hex }): Promise<BroadcastWord> {
  const hash = keccak256(raw)
  let best: BroadcastWord = 'unknown'
  for (const { request } of rpc.each) {
    const word = await sendOnce({ request, raw, hash })
    if (word === 'sent' || word === 'known') return word
    if (RANK.indexOf(word) < RANK.indexOf(best)) best = word
  }
  return best
}

async function sendOnce(attempt: { request: Rpc['request']; raw: Hex; hash: Hex }): Promise<BroadcastWord> {
  const { request, raw, hash } = attempt
  try {
    const answer = await request('eth_sendRawTransaction', [raw])
    return answer === hash ? 'sent' : 'unknown'
  } catch (error) {
    return error instanceof RpcError ? classifyRefusal(error.refusal) : 'unknown'
  }
}

/** A node's refusal of a transaction as one of our words; whatever is not understood is unknown. */
export function classifyRefusal(refusal: string): BroadcastWord {
  return WORDS.find(([pattern]) => pattern.test(refusal))?.[1] ?? 'unknown'
}
