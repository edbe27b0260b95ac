import { ask, listAll, type Row, said } from './ask.ts'
import { findNamed, findOrganization } from './find.ts'
import { tellRow, tellRows } from './tell.ts'
import type { Given, Verb } from './verb.ts'

const SHOWN_ONCE = 'The secret is shown this once. Give it to the receiver now.'

const organizationOf = ({ options }: Given) => findOrganization(options['organization'])

async function webhookOf(given: Given): Promise<Row> {
  const organization = await organizationOf(given)
  return findNamed({ path: '/webhooks', what: 'webhook', organization, wanted: given.args[0] ?? '' })
}

export const list: Verb = async (given) => {
  const rows = await listAll('/webhooks', { organization: (await organizationOf(given)).id })
  const columns = {
    id: ({ id }: Row) => id,
    name: ({ name }: Row) => name,
    url: ({ url }: Row) => url,
    events: (row: Row) => row['event_types'] ?? 'all',
    state: (row: Row) => (row['disabled_at'] === null ? 'on' : 'off'),
  }
  tellRows({ rows, columns, json: given.json })
  return 0
}

export const show: Verb = async (given) => {
  tellRow({ row: await webhookOf(given), json: given.json })
  return 0
}

export const create: Verb = async (given) => {
  const { url, events } = given.options
  const { id } = await organizationOf(given)
  const body = said({ organization_id: id, name: given.args[0], url, event_types: events?.split(',') })
  tellRow({ row: await ask({ path: '/webhooks', method: 'POST', body }), json: given.json, note: SHOWN_ONCE })
  return 0
}

export const update: Verb = async (given) => {
  const { id } = await webhookOf(given)
  const { name, url, events } = given.options
  const disabled = given.has('disable') ? true : given.has('enable') ? false : undefined
  const body = said({ name, url, event_types: events?.split(','), disabled })
  tellRow({ row: await ask({ path: `/webhooks/${id}`, method: 'PATCH', body }), json: given.json })
  return 0
}

export const secret: Verb = async (given) => {
  const { id } = await webhookOf(given)
  const row = await ask({ path: `/webhooks/${id}/secret`, method: 'POST', body: {} })
  tellRow({ row, json: given.json, note: SHOWN_ONCE })
  return 0
}

export const archive: Verb = async (given) => {
  const { id } = await webhookOf(given)
  tellRow({ row: await ask({ path: `/webhooks/${id}/archive`, method: 'POST', body: {} }), json: given.json })
  return 0
}

export const test: Verb = async (given) => {
  const { id } = await webhookOf(given)
  tellRow({ row: await ask({ path: `/webhooks/${id}/test`, method: 'POST', body: {} }), json: given.json })
  return 0
}

export const deliveries: Verb = async (given) => {
  const { id: organization } = await organizationOf(given)
  const rows = await listAll('/deliveries', { organization, state: given.options['state'] })
  const columns = {
    id: ({ id }: Row) => id,
    webhook: (row: Row) => row['webhook_id'],
    state: (row: Row) => row['state'],
    attempts: (row: Row) => row['attempts'],
    last: (row: Row) => row['last_status'] ?? row['last_error_code'] ?? '',
    next: (row: Row) => row['next_at'] ?? '',
  }
  tellRows({ rows, columns, json: given.json })
  return 0
}

export const replay: Verb = async ({ args, json }) => {
  const path = `/deliveries/${encodeURIComponent(args[0] ?? '')}/replay`
  tellRow({ row: await ask({ path, method: 'POST', body: {} }), json })
  return 0
}
