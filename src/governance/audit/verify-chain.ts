import { entryHash, NO_HASH } from './chain.ts'
import { checkpointBytes, type SignedCheckpoint } from './checkpoint.ts'
import { addLeaf, type MerkleFrontier, merkleRoot } from './merkle.ts'
import type { AuditEntry } from './types.ts'

/** Something that is not as it was written. */
export type ChainFault = {
  readonly kind:
    /** An entry is not at the place that its number says: one was removed, put in, or moved. */
    | 'out_of_order'
    /** An entry does not follow the one before it. */
    | 'link_broken'
    /** An entry does not have the hash that it says. */
    | 'entry_changed'
    /** An entry that cannot have been written by this code: it has no canonical form. */
    | 'entry_malformed'
    | 'wrong_organization'
    /** A checkpoint has other hashes than the chain at its place: history was written anew. */
    | 'checkpoint_differs'
    /** A checkpoint has seen more entries than there are: the end was cut off. */
    | 'entries_missing'
    | 'signature_invalid'
  /** Of the entry, or the count of the checkpoint. */
  readonly sequence: number
}

export type ChainVerdict = {
  readonly isGood: boolean
  readonly faults: readonly ChainFault[]
  /** Entries that a good checkpoint vouches for, none of them faulty: what comes after has only the chain's own word. */
  readonly anchored: number
  readonly count: number
}

function hashOf(entry: AuditEntry): string | undefined {
  const { sequence, previousHash } = entry
  try {
    return entryHash({ record: entry, sequence, previousHash })
  } catch {
    return undefined
  }
}

function faultOf({
  entry,
  sequence,
  previousHash,
  organizationId,
}: {
  entry: AuditEntry
  sequence: number
  previousHash: string
  organizationId: string
}): ChainFault['kind'] | undefined {
  if (entry.sequence !== sequence) return 'out_of_order'
  if (entry.organizationId !== organizationId) return 'wrong_organization'
  if (entry.previousHash !== previousHash) return 'link_broken'
  const hash = hashOf(entry)
  if (hash === undefined) return 'entry_malformed'
  return hash === entry.hash ? undefined : 'entry_changed'
}

/**
 * Reads an exported log from its beginning and tells everything that is not as it was written.
 *
 * The chain by itself finds any change, removal, insertion or reordering that is not followed by new hashes to the end. Whoever can write
 * all of them anew, or cut off the end, is found by a checkpoint that was given out before: that is what checkpoints are for.
 *
 * @param entries all of one organisation, in order.
 * @param checkpoints in any order.
 * @param isSigned says whether a signature over these bytes is good; absent: signatures are not looked at.
 */
export function verifyChain({
  organizationId,
  entries,
  checkpoints,
  isSigned,
}: {
  organizationId: string
  entries: readonly AuditEntry[]
  checkpoints: readonly SignedCheckpoint[]
  isSigned?: SignatureCheck
}): ChainVerdict {
  const faults: ChainFault[] = []
  const wanted = new Set(checkpoints.map(({ checkpoint }) => checkpoint.count))
  const standing = new Map<number, Standing>()
  let frontier: MerkleFrontier = []
  let head = NO_HASH
  const remember = (count: number) => {
    if (wanted.has(count)) standing.set(count, { head, root: merkleRoot(frontier) })
  }
  remember(0)
  for (const [index, entry] of entries.entries()) {
    const sequence = index + 1
    const kind = faultOf({ entry, sequence, previousHash: head, organizationId })
    if (kind) faults.push({ kind, sequence })
    head = entry.hash
    frontier = addLeaf({ frontier, entryHash: entry.hash })
    remember(sequence)
  }
  const firstFault = faults[0]?.sequence ?? Infinity
  let anchored = 0
  for (const signed of checkpoints) {
    const { count } = signed.checkpoint
    const kind = checkpointFault({ signed, organizationId, standing: standing.get(count), isSigned })
    if (kind) faults.push({ kind, sequence: count })
    else if (count < firstFault) anchored = Math.max(anchored, count)
  }
  return { isGood: faults.length === 0, faults, anchored, count: entries.length }
}

/** How the chain stood after so many entries. */
type Standing = { readonly head: string; readonly root: string }

type SignatureCheck = (given: { bytes: Uint8Array; signature: string }) => boolean

function checkpointFault({
  signed: { checkpoint, signature },
  organizationId,
  standing,
  isSigned,
}: {
  signed: SignedCheckpoint
  organizationId: string
  standing: Standing | undefined
  isSigned: SignatureCheck | undefined
}): ChainFault['kind'] | undefined {
  if (checkpoint.organizationId !== organizationId) return 'wrong_organization'
  if (isSigned && !isSigned({ bytes: checkpointBytes(checkpoint), signature })) return 'signature_invalid'
  if (!standing) return 'entries_missing'
  const isSame = standing.head === checkpoint.head && standing.root === checkpoint.merkleRoot
  return isSame ? undefined : 'checkpoint_differs'
}
