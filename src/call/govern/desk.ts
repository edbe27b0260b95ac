import type { AlertEvent } from '../../governance/alerts/events.ts'
import { requireVersion } from '../../governance/hierarchy/unit-tree.ts'
import type { Authority } from '../../governance/roles/may-do.ts'
import type { Permission } from '../../governance/roles/permissions.ts'
import { uuidV7 } from '../../lib/ids.ts'
import type { AdminChange, AdminCommit, GovernedResource } from '../admin-ports.ts'
import { type Asker, authorityOf, mayAsk, requireMay, type Spot, tenantOf } from './asker.ts'
import type { AdminRequest, GovernDependencies } from './dependencies.ts'
import { type Directory, openDirectory } from './directory.ts'

/** Where a request is decided: who asks, for what permission, what can be looked up, and what time it is. */
export type Desk = {
  readonly asker: Asker
  readonly permission: Permission
  readonly request: AdminRequest
  readonly dependencies: GovernDependencies
  readonly records: Directory
  readonly nowMs: number
  readonly newId: () => string
  /** Lets the request go on if its asker holds the permission there. @throws TurnpikeError `permission_denied`, `key_kind_mismatch`. */
  readonly need: (spot: Spot, permission?: Permission) => void
  /** The same, with by whose right. */
  readonly needAuthority: (spot: Spot) => Authority
  /** Whether it would; a list shows what its asker may see. */
  readonly may: (spot: Spot, permission?: Permission) => boolean
  /** Whether anybody has asked: an answer without a question is a fault of ours. */
  readonly wasAsked: () => boolean
}

export function openDesk({
  asker,
  permission,
  request,
  dependencies,
}: Pick<Desk, 'asker' | 'permission' | 'request' | 'dependencies'>): Desk {
  let asked = false
  const ask = (spot: Spot, other?: Permission) => {
    asked = true
    return { asker, permission: other ?? permission, spot }
  }
  const nowMs = dependencies.clock.nowMs()
  return {
    asker,
    permission,
    request,
    dependencies,
    records: openDirectory({ store: dependencies.store, tenant: tenantOf(asker) }),
    nowMs,
    newId: () => uuidV7({ nowMs, random: dependencies.clock.random(10) }),
    need: (spot, other) => requireMay(ask(spot, other)),
    needAuthority: (spot) => authorityOf(ask(spot)),
    may: (spot, other) => mayAsk(ask(spot, other)),
    wasAsked: () => asked,
  }
}

/** What a request is to change, once it is decided. */
export type Decision = {
  readonly organizationId: string
  readonly changes: readonly AdminChange[]
  readonly unchanged?: AdminCommit['unchanged']
  readonly events?: readonly AlertEvent[]
  /** The record that is answered. */
  readonly answer: { readonly resource: GovernedResource; readonly id: string }
  /** Shown in this answer and never again: secrets. */
  readonly once?: Readonly<Record<string, string>>
}

/** A change of a record that is there. @param expected what its asker has seen; absent: whatever is current. */
export function changing<Change extends AdminChange>(
  resource: Change['resource'],
  was: { readonly version: number },
  value: Change['value'],
  expected?: number,
): AdminChange {
  if (expected !== undefined) requireVersion({ has: was.version, expected })
  return { resource, value, expectedVersion: was.version } as AdminChange
}

export const making = <Change extends AdminChange>(
  resource: Change['resource'],
  value: Change['value'],
): AdminChange => ({ resource, value, expectedVersion: 0 }) as AdminChange
