import { ask, listAll, type Row, said } from './ask.ts'
import { findOrganization, findPrincipal, findUnit, unitsByName } from './find.ts'
import { tellRow, tellRows } from './tell.ts'
import type { Given, Verb } from './verb.ts'

const organizationOf = ({ options }: Given) => findOrganization(options['organization'])

async function principalOf(given: Given): Promise<Row> {
  return findPrincipal(await organizationOf(given), given.args[0] ?? '')
}

const unitOf = async (given: Given, organization: Row): Promise<Row> => {
  const { unit } = given.options
  return unit === undefined ? organization : findUnit(organization, unit)
}

export const list: Verb = async (given) => {
  const organization = await organizationOf(given)
  const units = await unitsByName(organization.id)
  const names = new Map([...units].map(([path, { id }]) => [id, path]))
  const wanted = given.options['unit']
  const unitId = wanted === undefined ? undefined : (await findUnit(organization, wanted)).id
  const columns = {
    id: ({ id }: Row) => id,
    name: ({ name }: Row) => name,
    kind: ({ kind }: Row) => kind,
    unit: (row: Row) => names.get(String(row['unit_id'])) || organization['name'],
  }
  const rows = await listAll('/principals', { organization: organization.id, unit_id: unitId })
  tellRows({ rows, columns, json: given.json })
  return 0
}

export const show: Verb = async (given) => {
  const principal = await principalOf(given)
  const grants = await listAll('/grants', { principal_id: principal.id })
  const roles = grants.map(({ id, role, unit_id: at }) => ({ id, role, unit_id: at }))
  tellRow({ row: { ...principal, roles }, json: given.json })
  return 0
}

const giveRole = (principalId: string, unitId: string, role: string) =>
  ask({ path: '/grants', method: 'POST', body: { principal_id: principalId, unit_id: unitId, role } })

export const create: Verb = async (given) => {
  const organization = await organizationOf(given)
  const unit = await unitOf(given, organization)
  const { kind = 'service', role } = given.options
  const body = { unit_id: unit.id, kind, name: given.args[0] }
  const row = await ask({ path: '/principals', method: 'POST', body })
  if (role !== undefined) await giveRole(row.id, unit.id, role)
  tellRow({ row, json: given.json })
  return 0
}

export const update: Verb = async (given) => {
  const organization = await organizationOf(given)
  const { id } = await findPrincipal(organization, given.args[0] ?? '')
  const { name, unit } = given.options
  const body = said({
    name,
    unit_id: unit === undefined ? undefined : (await findUnit(organization, unit)).id,
    accepts_widening: given.has('acceptWidening') ? true : undefined,
  })
  tellRow({ row: await ask({ path: `/principals/${id}`, method: 'PATCH', body }), json: given.json })
  return 0
}

export const archive: Verb = async (given) => {
  const { id } = await principalOf(given)
  tellRow({
    row: await ask({ path: `/principals/${id}/archive`, method: 'POST', body: {} }),
    json: given.json,
  })
  return 0
}

export const grant: Verb = async (given) => {
  const organization = await organizationOf(given)
  const { id } = await findPrincipal(organization, given.args[0] ?? '')
  const unit = await unitOf(given, organization)
  tellRow({ row: await giveRole(id, unit.id, given.options['role'] ?? ''), json: given.json })
  return 0
}

export const ungrant: Verb = async (given) => {
  const organization = await organizationOf(given)
  const { id } = await findPrincipal(organization, given.args[0] ?? '')
  const unit = await unitOf(given, organization)
  const { role = '' } = given.options
  const [found] = await listAll('/grants', { principal_id: id, unit_id: unit.id, role })
  if (!found) throw new Error(`It does not hold the role "${role}" there.`)
  tellRow({
    row: await ask({ path: `/grants/${found.id}/archive`, method: 'POST', body: {} }),
    json: given.json,
  })
  return 0
}

export const linkWallet: Verb = async (given) => {
  const organization = await organizationOf(given)
  const unit = await unitOf(given, organization)
  const body = said({ address: given.args[0], unit_id: unit.id, name: given.options['name'] })
  tellRow({ row: await ask({ path: '/wallets', method: 'POST', body }), json: given.json })
  return 0
}

export const unlinkWallet: Verb = async ({ args, json }) => {
  const path = `/wallets/${encodeURIComponent((args[0] ?? '').toLowerCase())}/unlink`
  tellRow({ row: await ask({ path, method: 'POST', body: {} }), json })
  return 0
}
