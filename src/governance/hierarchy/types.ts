/** A tenant: its id is on everything that is its own, and on every query. */
export type Organization = {
  readonly id: string
  readonly name: string
  /** What its levels of units are called, widest first: one to three. The first is the organisation itself. */
  readonly levelNames: readonly string[]
  /** IANA zone in which its calendar windows begin. */
  readonly timeZone: string
  readonly archivedAtMs?: number
  readonly version: number
}

/**
 * A node of the tree: organisation, department, team. The root unit of an organisation has the organisation's id, so a path says it all,
 * and whether something lies below something else is a test of prefixes.
 */
export type Unit = {
  readonly id: string
  readonly organizationId: string
  readonly name: string
  /** Ids from the root down to this unit, itself included. */
  readonly path: readonly string[]
  /** Never deleted: calls of the past point here. */
  readonly archivedAtMs?: number
  /** Counts changes, so that of two at once the second is refused. */
  readonly version: number
}

export type PrincipalKind = 'user' | 'service' | 'wallet'

/** Whose policies and budgets bind: an employee, a program, or a wallet. */
export type Principal = {
  readonly id: string
  /** null: a wallet that belongs to nobody here. */
  readonly organizationId: string | null
  /** The unit that its spending is attributed to. */
  readonly unitId: string
  readonly kind: PrincipalKind
  readonly name: string
  /** Of a wallet, in lower case. */
  readonly address?: string
  readonly archivedAtMs?: number
  readonly version: number
}

/** What levels are called where an organisation has no names of its own. */
export const LEVEL_NAMES: readonly string[] = ['organization', 'department', 'team']

/** The unit of an organisation itself, which all its others are below. */
export const rootUnit = ({ organization: { id, name } }: { organization: Organization }): Unit => ({
  id,
  organizationId: id,
  name,
  path: [id],
  version: 1,
})

/** The unit of wallets without an organisation: what an operator sets here holds for all of them. No organisation has this id. */
export const PUBLIC_UNIT: Unit = {
  id: 'public',
  organizationId: 'public',
  name: 'public',
  path: ['public'],
  version: 1,
}
