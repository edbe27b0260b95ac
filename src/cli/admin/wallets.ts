import { ask, listAll, type Row } from './ask.ts'
import { tellRow, tellRows } from './tell.ts'
import type { Verb } from './verb.ts'

export const list: Verb = async ({ json }) => {
  const columns = {
    address: ({ id }: Row) => id,
    organization: (row: Row) => row['organization_id'],
    verdict: (row: Row) => row['verdict'],
    list: (row: Row) => row['list_version'],
    linked: (row: Row) => row['linked_at'],
  }
  tellRows({ rows: await listAll('/wallets'), columns, json })
  return 0
}

export const show: Verb = async ({ args, json }) => {
  tellRow({ row: await ask({ path: `/wallets/${(args[0] ?? '').toLowerCase()}` }), json })
  return 0
}

const judge =
  (verdict: 'allow' | 'deny' | 'none'): Verb =>
  async ({ args, json }) => {
    const path = `/wallets/${(args[0] ?? '').toLowerCase()}/verdict`
    tellRow({ row: await ask({ path, method: 'PUT', body: { verdict } }), json })
    return 0
  }

export const allow = judge('allow')
export const deny = judge('deny')
export const clear = judge('none')
