import type { AuditRecord } from '../governance/audit/types.ts'

/** That somebody is signed in. */
export type Session = {
  /** Of the token in the cookie, which is kept nowhere. */
  readonly tokenHash: string
  readonly principalId: string
  /** Any change of the login ends the sessions that were opened by it. */
  readonly loginVersion: number
  readonly createdAtMs: number
  readonly seenAtMs: number
  /** However much it is used. */
  readonly expiresAtMs: number
}

/** Sessions of members, on every instance alike. Whoever gets in, does not, or goes is in the audit log by the same commit. */
export type SessionStore = {
  /** Opens one, and forgets those whose time is over. */
  readonly open: (session: Session, note: AuditRecord) => Promise<void>
  /** Somebody was not let in. */
  readonly refuse: (note: AuditRecord) => Promise<void>
  /** One that is not revoked, of a login that was neither changed nor archived since. Its times are for the asker to judge. */
  readonly get: (tokenHash: string) => Promise<Session | undefined>
  readonly touch: (used: { readonly tokenHash: string; readonly nowMs: number }) => Promise<void>
  /** The second time does nothing, and is not noted. */
  readonly revoke: (ended: {
    readonly tokenHash: string
    readonly nowMs: number
    readonly note: (owner: { readonly organizationId: string; readonly principalId: string }) => AuditRecord
  }) => Promise<void>
}

/** What is remembered of somebody who was sent to the identity provider, until they come back. */
export type ProviderTrip = {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  /** PKCE: only who began can take the code. */
  readonly verifier: string
  /** A path of ours. */
  readonly returnTo: string
}

/** Who somebody is by the word of an identity provider whose answer has passed every check. */
export type ProvidedIdentity = {
  readonly issuer: string
  readonly subject: string
  /** Absent where the provider has not verified it. */
  readonly email?: string
  readonly name?: string
  readonly groups: readonly string[]
}

/** An OpenID Connect provider. Methods throw TurnpikeError `identity_provider_away`, `identity_refused`. */
export type IdentityProvider = {
  readonly begin: (asked: {
    readonly redirectUri: string
    readonly returnTo: string
  }) => Promise<{ readonly url: string; readonly trip: ProviderTrip }>
  /** @param query of the callback, as it came. */
  readonly finish: (came: {
    readonly query: string
    readonly trip: ProviderTrip
  }) => Promise<ProvidedIdentity>
}
