import type { AdminWorld } from './admin-world.ts'

let count = 0
/** An address nobody else in this process has. */
export const newAddress = (): string => `0x${(count += 1).toString(16).padStart(40, 'a')}`

/** An organisation with one record of everything, by id, and an owner's key. */
export async function makeTenant({ world, name }: { world: AdminWorld; name: string }) {
  const { make, ask } = world
  const organization = await make('/organizations', { name })
  const { id } = organization
  const unit = await make('/units', { parent_id: id, name: 'Sales' })
  const team = await make('/units', { parent_id: unit.id, name: 'Field' })
  const principal = await make('/principals', { unit_id: unit.id, kind: 'user', name: 'bot' })
  await make(`/principals/${principal.id}/login`, { email: `${principal.id}@example.com` })
  const wallet = await make('/wallets', { address: newAddress(), unit_id: unit.id, name: 'agent' })
  const role = await make('/roles', {
    organization_id: id,
    name: 'reader',
    permissions: { 'units:read': 'subtree' },
  })
  const grant = await make('/grants', { principal_id: principal.id, unit_id: unit.id, role: 'developer' })
  const key = await make('/keys', { principal_id: principal.id, name: 'k', kind: 'inference' })
  const place = { level: 'unit', id: unit.id }
  const policy = (await ask('PUT', '/policies', { body: { place, rules: { zdr: true } } })).body
  const budget = await make('/budgets', { place, limit: '100' })
  const rate = await make('/rates', { place, metric: 'requests', limit: 60 })
  const webhook = await make('/webhooks', { organization_id: id, name: 'hook', url: 'https://example.com/h' })
  const delivery = await make(`/webhooks/${webhook.id}/test`, {})
  const owner = await world.member({ unitId: id, role: 'owner' })
  return {
    owner,
    ids: {
      organizations: id,
      units: unit.id,
      principals: principal.id,
      wallets: wallet.id,
      roles: role.id,
      grants: grant.id,
      keys: key.id,
      policies: String(policy['id']),
      budgets: budget.id,
      rates: rate.id,
      webhooks: webhook.id,
      deliveries: delivery.id,
    },
    team: team.id,
  }
}

export type Tenant = Awaited<ReturnType<typeof makeTenant>>
