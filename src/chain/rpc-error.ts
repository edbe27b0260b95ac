import { RpcRequestError } from 'viem'

/**
 * A request to the RPC that brought nothing usable. Its message never holds the address of the RPC (operators put keys
 * into it) nor raw data.
 */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  /**
   * `unreachable`: nothing that is JSON-RPC came back. `refused`: the node answered with an error. `unusable`: its
   * result is not what the method gives. `behind`: it does not know blocks that others have. `disputed`: two RPCs say
   * different things.
   */
  readonly kind: 'unreachable' | 'refused' | 'unusable' | 'behind' | 'disputed'
  readonly method: string
  /** The node's own words, for classification only: never shown, never stored. */
  readonly refusal: string
  /** What a revert returned. */
  readonly revertData: `0x${string}` | undefined

  constructor(details: {
    kind: RpcError['kind']
    method: string
    refusal?: string
    revertData?: `0x${string}` | undefined
  }) {
    super(`${details.method}: the RPC ${SAYS[details.kind]}`)
    this.kind = details.kind
    this.method = details.method
    this.refusal = details.refusal ?? ''
    this.revertData = details.revertData
  }

  /** True where the contract, not the node, said no. */
  get isRevert(): boolean {
    return this.revertData !== undefined || /revert|vm execution error|invalid opcode/i.test(this.refusal)
  }
}

const SAYS: Record<RpcError['kind'], string> = {
  unreachable: 'did not answer in JSON-RPC',
  refused: 'refused the request',
  unusable: 'gave a result that cannot be used',
  behind: 'is behind the chain',
  disputed: 'and another RPC contradict each other',
}

/** Turns whatever a transport threw into an RpcError. */
export function toRpcError({ error, method }: { error: unknown; method: string }): RpcError {
  if (error instanceof RpcError) return error
  const answered = rpcAnswerIn(error)
  if (!answered) return new RpcError({ kind: 'unreachable', method })
  const revertData = findHex(answered.data)
  return new RpcError({ kind: 'refused', method, refusal: answered.details, revertData })
}

const DEEPEST_CAUSE = 8

/** The node's own answer inside of what viem wraps around it. */
function rpcAnswerIn(error: unknown): RpcRequestError | undefined {
  let current = error
  for (let depth = 0; depth < DEEPEST_CAUSE && current instanceof Error; depth += 1) {
    if (current instanceof RpcRequestError) return current
    current = current.cause
  }
  return undefined
}

/** Nodes put a revert's data into `data`, into `data.data`, or behind a word such as "Reverted". */
function findHex(data: unknown): `0x${string}` | undefined {
  if (typeof data === 'string') {
    const hex = /0x(?:[0-9a-f]{2})*$/i.exec(data)?.[0]
    return hex as `0x${string}` | undefined
  }
  if (typeof data === 'object' && data !== null && 'data' in data) return findHex(data.data)
  return undefined
}
