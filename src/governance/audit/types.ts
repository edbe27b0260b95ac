import type { JsonValue } from './canonical-json.ts'

/** Who did it: somebody signed in, a key, the operator's token, a wallet, or the server by itself. */
export type AuditActor = {
  readonly kind: 'principal' | 'key' | 'operator' | 'wallet' | 'system'
  readonly id: string
}

/** Through what it was done. */
export type AuditVia = 'api' | 'console' | 'cli' | 'system'

/**
 * One thing that was done to settings, rights, money or keys. Never the content of a call. Personal data is not in it but as a salted digest
 * (`addressDigest`), whose plain form is kept elsewhere and can be erased without breaking the chain.
 */
export type AuditRecord = {
  readonly organizationId: string
  readonly atMs: number
  readonly actor: AuditActor
  readonly via: AuditVia
  /** As a permission is written: `budgets:write`; of what only happens, `call:refused`. */
  readonly action: string
  readonly target: { readonly kind: string; readonly id: string }
  /** What was, and what is; null: nothing. */
  readonly before: JsonValue
  readonly after: JsonValue
  readonly requestId: string | null
  readonly addressDigest: string | null
}

/** A record in its place in the chain of its organisation. */
export type AuditEntry = AuditRecord & {
  /** 1, 2, 3, … */
  readonly sequence: number
  /** Of the entry before, in hex; 64 zeros before the first. */
  readonly previousHash: string
  readonly hash: string
}

/** What is signed and handed out, so that whoever has it can tell later whether anything was changed. */
export type AuditCheckpoint = {
  readonly organizationId: string
  /** Entries so far: the sequence of the last one. */
  readonly count: number
  /** The hash of the last one; 64 zeros where there is none. */
  readonly head: string
  /** Over the hashes of all entries so far (RFC 6962's tree), so that one entry can be shown to be in it without the others. */
  readonly merkleRoot: string
  readonly atMs: number
}
