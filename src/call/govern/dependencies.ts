import type { AuditVia } from '../../governance/audit/types.ts'
import type { AdminStore } from '../admin-ports.ts'
import type { BudgetStore } from '../budget-ports.ts'
import type { OrganizationStore } from '../organization-ports.ts'
import type { Subscriptions } from '../outbox-ports.ts'
import type { Logins } from '../credentials/logins.ts'

/** What administration needs of the rest. What is optional is another room's, and is refused with a sentence where it is not there. */
export type GovernDependencies = {
  readonly store: AdminStore
  readonly budgets: BudgetStore
  readonly clock: { readonly nowMs: () => number; readonly random: (byteCount: number) => Uint8Array }
  /** How keys are made: the pepper of today with its number, and whether this server's keys are `tp_test_`. */
  readonly keys: {
    readonly pepper: string | Uint8Array
    readonly pepperVersion: number
    readonly isTest: boolean
  }
  readonly logins: Logins
  /** A digest under a key of the server: of requests and addresses no bare hash is kept. */
  readonly digest: (text: string) => string
  /** Secrets, addresses and deliveries of webhooks. */
  readonly subscriptions?: Subscriptions
  /** Signs checkpoints of the audit log. */
  readonly checkpoints?: CheckpointSigner
  readonly money?: OrganizationStore
}

/** ed25519: the public half as base64 of its SPKI, and signatures as base64url. */
export type CheckpointSigner = {
  readonly publicKey: string
  readonly sign: (bytes: Uint8Array) => string
}

/** How a request came, for the audit log and for repeats. */
export type AdminRequest = {
  readonly id: string
  readonly via: AuditVia
  readonly addressDigest: string | null
  /** Its own name for itself: sent again under it, it is done once. */
  readonly idempotency?: { readonly key: string; readonly requestDigest: string }
}
