import { ask, listAll, type Row, said } from './ask.ts'
import { findNamed, findOrganization, findPrincipal } from './find.ts'
import { tellRow, tellRows } from './tell.ts'
import type { Given, Verb } from './verb.ts'

const SHOWN_ONCE = 'The key is shown this once. Keep it now.'

const organizationOf = ({ options }: Given) => findOrganization(options['organization'])

async function keyOf(given: Given): Promise<Row> {
  const organization = await organizationOf(given)
  return findNamed({ path: '/keys', what: 'key', organization, wanted: given.args[0] ?? '' })
}

/** Whole seconds of an option. @throws Error */
function secondsOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} takes whole seconds.`)
  return Number(text)
}

export const list: Verb = async (given) => {
  const organization = await organizationOf(given)
  const principals = await listAll('/principals', { organization: organization.id })
  const names = new Map(principals.map(({ id, name }) => [id, name]))
  const wanted = given.options['principal']
  const principalId = wanted === undefined ? undefined : (await findPrincipal(organization, wanted)).id
  const rows = await listAll('/keys', { organization: organization.id, principal_id: principalId })
  const columns = {
    id: ({ id }: Row) => id,
    name: ({ name }: Row) => name,
    kind: ({ kind }: Row) => kind,
    principal: (row: Row) => names.get(String(row['principal_id'])),
    state: ({ state }: Row) => state,
    expires: (row: Row) => row['expires_at'],
  }
  tellRows({ rows, columns, json: given.json })
  return 0
}

export const show: Verb = async (given) => {
  tellRow({ row: await keyOf(given), json: given.json })
  return 0
}

export const create: Verb = async (given) => {
  const { principal = '', kind = 'inference', scopes, expiresIn } = given.options
  const { id } = await findPrincipal(await organizationOf(given), principal)
  const body = said({
    principal_id: id,
    name: given.args[0],
    kind,
    scopes: scopes?.split(','),
    expires_in_seconds: secondsOf(expiresIn, 'expires-in'),
  })
  tellRow({ row: await ask({ path: '/keys', method: 'POST', body }), json: given.json, note: SHOWN_ONCE })
  return 0
}

export const rotate: Verb = async (given) => {
  const { id } = await keyOf(given)
  const body = said({ overlap_seconds: secondsOf(given.options['overlap'], 'overlap') })
  const row = await ask({ path: `/keys/${id}/rotate`, method: 'POST', body })
  tellRow({ row, json: given.json, note: SHOWN_ONCE })
  return 0
}

export const revoke: Verb = async (given) => {
  const { id } = await keyOf(given)
  tellRow({ row: await ask({ path: `/keys/${id}/revoke`, method: 'POST', body: {} }), json: given.json })
  return 0
}

/** One voucher alone. */
export const revokeVoucher: Verb = async (given) => {
  const { id } = await keyOf(given)
  const body = { voucher: given.options['voucher'] }
  tellRow({ row: await ask({ path: `/keys/${id}/vouchers/revoke`, method: 'POST', body }), json: given.json })
  return 0
}
