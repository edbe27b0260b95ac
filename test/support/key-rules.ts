import { EVERY_ORGANIZATION, type AdminStore } from '../../src/call/admin-ports.ts'
import type { Authenticate } from '../../src/call/rules-ports.ts'
import { isOurKey, parseKey } from '../../src/governance/keys/api-key.ts'
import { requireUsableKey } from '../../src/governance/keys/check-key.ts'
import { BUILT_IN_ROLES, ROLES } from '../../src/governance/roles/roles.ts'

/** Who a key is, read anew each time: what the server keeps in mind, without the keeping. */
export function authenticateBy({
  store,
  pepper,
  nowMs = Date.now,
}: {
  store: AdminStore
  pepper: string
  nowMs?: () => number
}): Authenticate {
  return async (authorization) => {
    const text = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    if (text === undefined || !isOurKey(text)) return undefined
    const parsed = parseKey(text)
    const found = parsed && (await store.get({ resource: 'keys', tenant: EVERY_ORGANIZATION, id: parsed.id }))
    const peppers = new Map([[1, pepper]])
    const key = requireUsableKey({ parsed, key: found, peppers, isTestServer: true, nowMs: nowMs() })
    const tenant = key.organizationId
    const organization = await store.get({ resource: 'organizations', tenant, id: tenant })
    const principal = await store.get({ resource: 'principals', tenant, id: key.principalId })
    const unit = principal && (await store.get({ resource: 'units', tenant, id: principal.unitId }))
    if (!organization || !principal || !unit) return undefined
    const where = { principalId: principal.id }
    const { items } = await store.list({ resource: 'grants', tenant, where, limit: 100 })
    const grants = await Promise.all(
      items.map(async ({ unitId, role }) => {
        const builtIn = BUILT_IN_ROLES.find((name) => name === role)
        const custom = builtIn ? undefined : await store.get({ resource: 'roles', tenant, id: role })
        const at = await store.get({ resource: 'units', tenant, id: unitId })
        const permissions = builtIn ? ROLES[builtIn].permissions : (custom?.permissions ?? {})
        return { unitPath: at?.path ?? [], permissions }
      }),
    )
    return { organization, unit, principal, key, grants, policies: [], budgets: [], rates: [] }
  }
}
