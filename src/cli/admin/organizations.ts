import { ask, listAll, said } from './ask.ts'
import { findOrganization } from './find.ts'
import { tellRow, tellRows } from './tell.ts'
import type { Given, Verb } from './verb.ts'

const settings = ({ options }: Given) =>
  said({ name: options['name'], time_zone: options['timeZone'], level_names: options['levels']?.split(',') })

export const list: Verb = async ({ json }) => {
  const columns = {
    id: (row: Readonly<Record<string, unknown>>) => row['id'],
    name: (row: Readonly<Record<string, unknown>>) => row['name'],
    levels: (row: Readonly<Record<string, unknown>>) => row['level_names'],
    zone: (row: Readonly<Record<string, unknown>>) => row['time_zone'],
  }
  tellRows({ rows: await listAll('/organizations'), columns, json })
  return 0
}

export const show: Verb = async ({ args, json }) => {
  tellRow({ row: await findOrganization(args[0]), json })
  return 0
}

export const create: Verb = async (given) => {
  const body = { ...settings(given), name: given.args[0] }
  tellRow({ row: await ask({ path: '/organizations', method: 'POST', body }), json: given.json })
  return 0
}

export const update: Verb = async (given) => {
  const { id } = await findOrganization(given.args[0])
  const row = await ask({ path: `/organizations/${id}`, method: 'PATCH', body: settings(given) })
  tellRow({ row, json: given.json })
  return 0
}

export const archive: Verb = async ({ args, json }) => {
  const { id } = await findOrganization(args[0])
  tellRow({ row: await ask({ path: `/organizations/${id}/archive`, method: 'POST', body: {} }), json })
  return 0
}

export const balance: Verb = async ({ args, json }) => {
  const { id } = await findOrganization(args[0])
  tellRow({ row: await ask({ path: `/organizations/${id}/balance` }), json })
  return 0
}

export const topUp: Verb = async ({ args, json }) => {
  const { id } = await findOrganization(args[0])
  const body = { amount_usd: args[1] }
  tellRow({ row: await ask({ path: `/organizations/${id}/top-ups`, method: 'POST', body }), json })
  return 0
}
