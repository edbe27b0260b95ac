import { createPublicKey, verify } from 'node:crypto'
import type { SignedCheckpoint } from '../governance/audit/checkpoint.ts'
import type { AuditEntry } from '../governance/audit/types.ts'
import { type ChainVerdict, verifyChain } from '../governance/audit/verify-chain.ts'

export type AuditVerdict = ChainVerdict & {
  readonly organizationId: string | null
  /** Whether the checkpoint was verified by the key that it brings along itself. */
  readonly isOwnKey: boolean
}

/** @throws Error naming the line. */
function entriesOf(log: string): readonly AuditEntry[] {
  return log
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      try {
        return JSON.parse(line) as AuditEntry
      } catch {
        throw new Error(
          `Line ${number} of the log is no JSON: it takes what turnpike audit export has written.`,
        )
      }
    })
}

type CheckpointFile = SignedCheckpoint & { readonly public_key?: string }

function readCheckpoint(text: string): CheckpointFile {
  try {
    const read = JSON.parse(text) as CheckpointFile
    if (typeof read.checkpoint.count === 'number' && typeof read.signature === 'string') return read
  } catch {
    // Said below.
  }
  throw new Error('That is no checkpoint: it takes what turnpike audit checkpoint has written.')
}

function checkBy(publicKey: string) {
  let key: ReturnType<typeof createPublicKey>
  try {
    key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  } catch {
    throw new Error('The public key is not one: it takes public_key of a checkpoint.')
  }
  return ({ bytes, signature }: { bytes: Uint8Array; signature: string }) =>
    verify(null, bytes, key, Buffer.from(signature, 'base64url'))
}

/**
 * Verifies an exported audit log, without asking anybody.
 *
 * @param log JSON lines. @param checkpoint as it was handed out.
 * @param publicKey whose signature it has to carry; that of the checkpoint itself where absent, which proves less.
 * @throws Error where a file is not what it should be.
 */
export function verifyAuditText({
  log,
  checkpoint,
  publicKey,
}: {
  log: string
  checkpoint?: string
  publicKey?: string
}): AuditVerdict {
  const entries = entriesOf(log)
  const signed = checkpoint === undefined ? undefined : readCheckpoint(checkpoint)
  const organizationId = signed?.checkpoint.organizationId ?? entries[0]?.organizationId ?? null
  const key = publicKey ?? signed?.public_key
  const verdict = verifyChain({
    organizationId: organizationId ?? '',
    entries,
    checkpoints: signed ? [signed] : [],
    ...(key === undefined ? {} : { isSigned: checkBy(key) }),
  })
  return { ...verdict, organizationId, isOwnKey: signed !== undefined && publicKey === undefined }
}
