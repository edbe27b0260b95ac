import { createHash } from 'node:crypto'

/**
 * The tree of RFC 6962 (certificate transparency), grown leaf by leaf: what is kept is one hash for each whole subtree, largest first, so a
 * root over a million entries costs twenty hashes. Leaves and nodes are hashed with different first bytes, so that neither passes for the other.
 */
export type Subtree = { readonly leaves: number; readonly hash: string }
export type MerkleFrontier = readonly Subtree[]

const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)

const leafHash = (entryHash: string) =>
  createHash('sha256').update(LEAF).update(Buffer.from(entryHash, 'hex')).digest('hex')

const nodeHash = (left: string, right: string) =>
  createHash('sha256')
    .update(NODE)
    .update(Buffer.from(left, 'hex'))
    .update(Buffer.from(right, 'hex'))
    .digest('hex')

/** Adds one entry; subtrees of one size become one of the next. */
export function addLeaf({
  frontier,
  entryHash,
}: {
  frontier: MerkleFrontier
  entryHash: string
}): MerkleFrontier {
  const whole = [...frontier]
  let added: Subtree = { leaves: 1, hash: leafHash(entryHash) }
  for (let last = whole.at(-1); last?.leaves === added.leaves; last = whole.at(-1)) {
    added = { leaves: 2 * added.leaves, hash: nodeHash(last.hash, added.hash) }
    whole.pop()
  }
  return [...whole, added]
}

/** The root over all leaves so far; that of none is SHA-256 of nothing, as the RFC has it. */
export function merkleRoot(frontier: MerkleFrontier): string {
  const smallest = frontier.at(-1)
  if (!smallest) return createHash('sha256').digest('hex')
  return frontier.slice(0, -1).reduceRight((root, { hash }) => nodeHash(hash, root), smallest.hash)
}
