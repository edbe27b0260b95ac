import { ask, listAll, type Row } from './ask.ts'
import { findOrganization, findPlace } from './find.ts'
import { tellRow, tellRows } from './tell.ts'
import type { Given, Verb } from './verb.ts'

const organizationOf = ({ options }: Given) => findOrganization(options['organization'])
const at = ({ args }: Given) => `/rates/${encodeURIComponent(args[0] ?? '')}`

export const list: Verb = async (given) => {
  const rows = await listAll('/rates', { organization: (await organizationOf(given)).id })
  const columns = {
    id: ({ id }: Row) => id,
    at: (row: Row) => {
      const { level, id } = row['place'] as { level: string; id: string }
      return `${level}:${id}`
    },
    metric: ({ metric }: Row) => metric,
    limit: ({ limit }: Row) => limit,
  }
  tellRows({ rows, columns, json: given.json })
  return 0
}

export const create: Verb = async (given) => {
  const { at: where = '', metric, limit } = given.options
  const place = await findPlace(await organizationOf(given), where)
  const body = { place, metric, limit: Number(limit) }
  tellRow({ row: await ask({ path: '/rates', method: 'POST', body }), json: given.json })
  return 0
}

export const update: Verb = async (given) => {
  const body = { limit: Number(given.options['limit']) }
  tellRow({ row: await ask({ path: at(given), method: 'PATCH', body }), json: given.json })
  return 0
}

export const archive: Verb = async (given) => {
  tellRow({ row: await ask({ path: `${at(given)}/archive`, method: 'POST', body: {} }), json: given.json })
  return 0
}
