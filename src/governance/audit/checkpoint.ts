import { canonicalJson } from './canonical-json.ts'
import { type ChainHead, NO_HASH } from './chain.ts'
import { type MerkleFrontier, merkleRoot } from './merkle.ts'
import type { AuditCheckpoint } from './types.ts'

/** A checkpoint with its signature, as it is exported. */
export type SignedCheckpoint = {
  readonly checkpoint: AuditCheckpoint
  /** Over {@link checkpointBytes}. */
  readonly signature: string
}

/** A checkpoint of a chain as it stands. */
export const checkpointOf = ({
  organizationId,
  head,
  frontier,
  atMs,
}: {
  organizationId: string
  head?: ChainHead
  /** Of all entries of the chain, in order. */
  frontier: MerkleFrontier
  atMs: number
}): AuditCheckpoint => ({
  organizationId,
  count: head?.sequence ?? 0,
  head: head?.hash ?? NO_HASH,
  merkleRoot: merkleRoot(frontier),
  atMs,
})

/** Apart from all else that a key may sign. */
const LABEL = 'turnpike audit checkpoint 1\n'

/** What is signed: a label, then the canonical JSON. Signing and the key are an adapter's. */
export const checkpointBytes = (checkpoint: AuditCheckpoint): Uint8Array =>
  new TextEncoder().encode(`${LABEL}${canonicalJson({ ...checkpoint })}`)
