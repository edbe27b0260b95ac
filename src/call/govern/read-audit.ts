import { newEvent } from '../../governance/alerts/coalesce.ts'
import { checkpointBytes, checkpointOf, type SignedCheckpoint } from '../../governance/audit/checkpoint.ts'
import { addLeaf, type MerkleFrontier } from '../../governance/audit/merkle.ts'
import type { AuditEntry } from '../../governance/audit/types.ts'
import { type ChainVerdict, verifyChain } from '../../governance/audit/verify-chain.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { actorOf } from './asker.ts'
import type { Desk } from './desk.ts'
import { organizationAsked } from './list-records.ts'

/** Whose log is asked for. A log is its organisation's, so it takes the permission at the root. */
export async function logAsked(desk: Desk, asked: string | undefined): Promise<string> {
  const organizationId = await organizationAsked(desk, asked)
  desk.need({ organizationId, unitPath: [organizationId] })
  return organizationId
}

/** A whole log from its beginning, a page at a time: it may be longer than memory is wide. */
export async function* entriesOf(desk: Desk, organizationId: string): AsyncGenerator<readonly AuditEntry[]> {
  const { store } = desk.dependencies
  let after: string | undefined
  for (;;) {
    const { items, hasMore } = await store.list({
      resource: 'audit',
      tenant: organizationId,
      limit: LIMITS.listEntries,
      order: 'asc',
      ...(after === undefined ? {} : { after }),
    })
    if (items.length > 0) yield items
    after = items.at(-1)?.sequence.toString()
    if (!hasMore || after === undefined) return
  }
}

async function wholeLog(desk: Desk, organizationId: string): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = []
  for await (const page of entriesOf(desk, organizationId)) entries.push(...page)
  return entries
}

/** Reads a log from its beginning and tells whether everything is as it was written. */
export async function verifyLog(desk: Desk, organizationId: string): Promise<ChainVerdict> {
  return verifyChain({ organizationId, entries: await wholeLog(desk, organizationId), checkpoints: [] })
}

export type MadeCheckpoint = SignedCheckpoint & { readonly publicKey: string }

/**
 * Signs the log as it stands, once it has been read and found good: nobody vouches for what is broken. The checkpoint goes out as an alert too.
 *
 * @throws TurnpikeError `not_configured_here` without a key, `audit_broken`.
 */
export async function makeCheckpoint(desk: Desk, organizationId: string): Promise<MadeCheckpoint> {
  const { dependencies, nowMs, request, asker, permission } = desk
  const signer = dependencies.checkpoints
  if (!signer)
    throw new TurnpikeError('not_configured_here', {
      message: 'This server has no key for checkpoints.',
      next: 'Set TURNPIKE_AUDIT_KEY: docs/OPERATING.md says how to make one.',
    })
  const entries = await wholeLog(desk, organizationId)
  const verdict = verifyChain({ organizationId, entries, checkpoints: [] })
  if (!verdict.isGood)
    throw new TurnpikeError('audit_broken', { extra: { metadata: { faults: verdict.faults.slice(0, 10) } } })
  let frontier: MerkleFrontier = []
  for (const { hash } of entries) frontier = addLeaf({ frontier, entryHash: hash })
  const head = entries.at(-1)
  const checkpoint = checkpointOf({ organizationId, frontier, atMs: nowMs, ...(head ? { head } : {}) })
  const { count, merkleRoot } = checkpoint
  await dependencies.store.commit({
    organizationId,
    changes: [],
    events: [
      newEvent({
        type: 'audit.checkpoint',
        organizationId,
        cause: [checkpoint.head],
        data: { count, head: checkpoint.head, merkle_root: merkleRoot },
        atMs: nowMs,
      }),
    ],
    actor: actorOf(asker),
    via: request.via,
    action: permission,
    requestId: request.id,
    addressDigest: request.addressDigest,
    atMs: nowMs,
  })
  return { checkpoint, signature: signer.sign(checkpointBytes(checkpoint)), publicKey: signer.publicKey }
}
