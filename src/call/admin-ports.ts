import type { AlertEvent } from '../governance/alerts/events.ts'
import type { AuditActor, AuditEntry, AuditVia } from '../governance/audit/types.ts'
import type { Budget } from '../governance/budgets/types.ts'
import type { Place } from '../governance/hierarchy/attribution.ts'
import type { Organization, Principal, Unit } from '../governance/hierarchy/types.ts'
import type { ApiKey } from '../governance/keys/types.ts'
import type { Policy } from '../governance/policies/types.ts'
import type { Authority } from '../governance/roles/may-do.ts'
import type { RolePermissions } from '../governance/roles/permissions.ts'

/** A role of an organisation's own. */
export type CustomRole = {
  readonly id: string
  readonly organizationId: string
  readonly name: string
  readonly permissions: RolePermissions
  readonly version: number
}

/** That a principal holds a role at a unit: a built-in one by its name, or the organisation's own by its id. */
export type RoleGrant = {
  readonly id: string
  readonly organizationId: string
  readonly principalId: string
  readonly unitId: string
  readonly role: string
  /** It came from a group of the identity provider, and goes with it. Absent: somebody has given it by hand. */
  readonly isByGroup?: true
  readonly version: number
}

/** A wallet that was linked or screened; the id is its address in lower case. */
export type Wallet = {
  readonly id: string
  readonly organizationId: string | null
  readonly principalId: string
  readonly linkedAtMs?: number
  readonly verdict?: 'allow' | 'deny' | 'review'
  readonly listVersion?: string
  readonly screenedUntilMs?: number
  readonly version: number
}

export type RateLimit = {
  readonly id: string
  readonly organizationId: string | null
  readonly place: Place
  readonly metric: 'requests' | 'tokens' | 'concurrent'
  /** Per minute; of `concurrent` at once. */
  readonly limit: number
  readonly setBy: Authority
  readonly version: number
}

/** Where alerts go. Secrets are encrypted by whoever makes them: the store never sees one. */
export type Webhook = {
  readonly id: string
  readonly organizationId: string
  readonly name: string
  readonly url: string
  /** null: all. */
  readonly eventTypes: readonly string[] | null
  readonly sealedSecret: string
  readonly sealedEarlierSecret?: string
  readonly disabledAtMs?: number
  /** Since when every attempt has failed; deliveries alone write it. */
  readonly failingSinceMs?: number
  readonly version: number
}

/**
 * How a member signs in; the id is its principal's. E-mail and subject are kept as digests under a key of the server, so that the database alone
 * names nobody.
 */
export type Login = {
  readonly id: string
  readonly organizationId: string
  readonly emailDigest?: string
  readonly passwordHash?: string
  readonly passwordSetAtMs?: number
  /** Of an invitation that was not accepted yet. */
  readonly invitationHash?: string
  readonly invitationExpiresAtMs?: number
  /** Issuer and subject of the identity provider. */
  readonly subjectDigest?: string
  /** A group of the identity provider has let its owner in: without one it is let in no more. */
  readonly isByGroup: boolean
  readonly version: number
}

/** An alert on its way to a subscription. */
export type Delivery = {
  readonly id: string
  readonly organizationId: string | null
  readonly eventId: string
  readonly webhookId: string
  readonly state: 'waiting' | 'delivered' | 'dead'
  readonly attempts: number
  readonly nextAtMs: number
  readonly lastStatus?: number
  readonly lastErrorCode?: string
  readonly endedAtMs?: number
  readonly version: number
}

type Archivable = { readonly archivedAtMs?: number }

/** What is changed by a commit. Nothing of it is ever deleted. */
export type GovernedResources = {
  organizations: Organization
  units: Unit
  principals: Principal
  wallets: Wallet & Archivable
  keys: ApiKey & Archivable
  roles: CustomRole & Archivable
  grants: RoleGrant & Archivable
  policies: Policy & Archivable
  budgets: Budget & Archivable
  rates: RateLimit & Archivable
  webhooks: Webhook & Archivable
  logins: Login & Archivable
}
export type GovernedResource = keyof GovernedResources

/** What is written along with changes, or by the alerts' own ways, and only read here. An audit entry's id is its sequence. */
export type AdminResources = GovernedResources & {
  audit: AuditEntry
  events: AlertEvent
  deliveries: Delivery
}
export type AdminResource = keyof AdminResources

/** By what a list can be narrowed: exact values. */
export type AdminFilters = {
  organizations: 'id'
  units: 'parentId'
  principals: 'unitId' | 'kind' | 'address'
  wallets: 'principalId'
  keys: 'principalId' | 'kind'
  roles: 'name'
  grants: 'principalId' | 'unitId' | 'role'
  policies: 'level' | 'levelId'
  budgets: 'level' | 'levelId' | 'metric'
  rates: 'level' | 'levelId' | 'metric'
  webhooks: 'name'
  logins: 'emailDigest' | 'subjectDigest' | 'invitationHash'
  audit: 'actorId' | 'action' | 'targetKind' | 'targetId'
  events: 'type'
  deliveries: 'webhookId' | 'eventId' | 'state'
}

/** The operator's view over all tenants; nothing that a caller sends can be it. */
export const EVERY_ORGANIZATION: unique symbol = Symbol('every organisation')

/** Whose rows: those of one organisation (`public`: of none), and never another's. */
export type Tenant = string | typeof EVERY_ORGANIZATION

export type AdminPage = {
  readonly limit: number
  /** Ids of the last or first one seen. */
  readonly after?: string
  readonly before?: string
  /** By when they were made; newest first where nothing is said. */
  readonly order?: 'asc' | 'desc'
}

/** One row to be written. */
export type AdminChange = {
  readonly [Resource in GovernedResource]: {
    readonly resource: Resource
    /** As the row is to be. Its version becomes the expected one plus one. */
    readonly value: GovernedResources[Resource]
    /** 0: it is new. */
    readonly expectedVersion: number
  }
}[GovernedResource]

/** What one request changes: all of it or nothing, each row with its entry in the audit log. */
export type AdminCommit = {
  readonly organizationId: string
  readonly changes: readonly AdminChange[]
  /** Rows that the decision rests on and that must not have changed meanwhile, such as the new parent of a unit. */
  readonly unchanged?: readonly {
    readonly resource: GovernedResource
    readonly id: string
    readonly version: number
  }[]
  readonly events?: readonly AlertEvent[]
  readonly actor: AuditActor
  readonly via: AuditVia
  readonly action: string
  readonly requestId: string | null
  readonly addressDigest: string | null
  /** The same key with the same digest of the request does nothing and gives the first answer. */
  readonly idempotency?: { readonly key: string; readonly requestDigest: string }
  readonly atMs: number
}

export type AdminCommitted = {
  /** It had been done already. */
  readonly isRepeat: boolean
  readonly changed: readonly {
    readonly resource: GovernedResource
    readonly id: string
    readonly version: number
  }[]
}

/** The one port of everything that is administered. Every query names its tenant. */
export type AdminStore = {
  readonly list: <Resource extends AdminResource>(
    query: {
      readonly resource: Resource
      readonly tenant: Tenant
      readonly where?: { readonly [Name in AdminFilters[Resource]]?: string }
      /** Archived ones as well. */
      readonly archived?: boolean
    } & AdminPage,
  ) => Promise<{ readonly items: readonly AdminResources[Resource][]; readonly hasMore: boolean }>
  readonly get: <Resource extends AdminResource>(query: {
    readonly resource: Resource
    readonly tenant: Tenant
    readonly id: string
  }) => Promise<AdminResources[Resource] | undefined>
  /**
   * Writes changes with their audit entries and events in one commit.
   *
   * @throws TurnpikeError `version_conflict`, `name_taken`, `idempotency_conflict`; `invalid_governance_value` where a row is not this
   * organisation's, which is said as if there were none.
   */
  readonly commit: (commit: AdminCommit) => Promise<AdminCommitted>
  /**
   * What a write did that came before under the same key: whoever repeats one must not decide it again on what it has changed.
   *
   * @throws TurnpikeError `idempotency_conflict` where the key was another request's.
   */
  readonly findRepeat: (query: {
    readonly tenant: Tenant
    readonly key: string
    readonly requestDigest: string
  }) => Promise<AdminCommitted | undefined>
}
