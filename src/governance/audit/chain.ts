import { createHash } from 'node:crypto'
import { LIMITS } from '../../lib/limits.ts'
import { canonicalJson, type JsonValue } from './canonical-json.ts'
import type { AuditEntry, AuditRecord } from './types.ts'

/** Before the first entry. */
export const NO_HASH = '0'.repeat(64)

/** Every member by name: what is not named here is not protected, so a new member has to be added here to compile. */
const bodyOf = ({
  organizationId,
  atMs,
  actor,
  via,
  action,
  target,
  before,
  after,
  requestId,
  addressDigest,
  sequence,
}: AuditRecord & { readonly sequence: number }): {
  readonly [name in keyof AuditRecord | 'sequence']: JsonValue
} => ({
  organizationId,
  atMs,
  actor: { kind: actor.kind, id: actor.id },
  via,
  action,
  target: { kind: target.kind, id: target.id },
  before,
  after,
  requestId,
  addressDigest,
  sequence,
})

/** SHA-256 over the previous hash (as bytes) and the canonical JSON of everything else, in hex. */
export function entryHash({
  record,
  sequence,
  previousHash,
}: {
  record: AuditRecord
  sequence: number
  previousHash: string
}): string {
  return createHash('sha256')
    .update(Buffer.from(previousHash, 'hex'))
    .update(canonicalJson(bodyOf({ ...record, sequence })))
    .digest('hex')
}

/** The end of a chain. */
export type ChainHead = { readonly sequence: number; readonly hash: string }

/**
 * Puts a record at the end of its organisation's chain. The head is read and written under one lock, else two records would follow the same one.
 *
 * @throws RangeError where a side is larger than LIMITS.auditValueBytes, or has no canonical form: what is logged is settings, and they are small.
 */
export function appendEntry({ record, head }: { record: AuditRecord; head?: ChainHead }): AuditEntry {
  for (const side of [record.before, record.after])
    if (Buffer.byteLength(canonicalJson(side)) > LIMITS.auditValueBytes)
      throw new RangeError('A side of an audit entry is too large.')
  const sequence = (head?.sequence ?? 0) + 1
  const previousHash = head?.hash ?? NO_HASH
  return { ...record, sequence, previousHash, hash: entryHash({ record, sequence, previousHash }) }
}
