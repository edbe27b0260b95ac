import { ask, listAll, type Row, said } from './ask.ts'
import { findOrganization, findUnit, unitsByName } from './find.ts'
import { barOf, cellOf, printJson, tellRow, tellRows, write } from './tell.ts'
import type { Given, Verb } from './verb.ts'

const organizationOf = ({ options }: Given) => findOrganization(options['organization'])

async function unitOf(given: Given): Promise<Row> {
  return findUnit(await organizationOf(given), given.args[0] ?? '')
}

export const list: Verb = async (given) => {
  const units = await unitsByName((await organizationOf(given)).id)
  const names = new Map([...units].map(([path, { id }]) => [id, path]))
  const columns = {
    id: ({ id }: Row) => id,
    name: ({ id, name }: Row) => names.get(id) || name,
    version: (row: Row) => row['version'],
  }
  tellRows({ rows: [...units.values()], columns, json: given.json })
  return 0
}

export const show: Verb = async (given) => {
  tellRow({ row: await unitOf(given), json: given.json })
  return 0
}

export const create: Verb = async (given) => {
  const organization = await organizationOf(given)
  const { parent } = given.options
  const { id } = parent === undefined ? organization : await findUnit(organization, parent)
  const body = { parent_id: id, name: given.args[0] }
  tellRow({ row: await ask({ path: '/units', method: 'POST', body }), json: given.json })
  return 0
}

export const update: Verb = async (given) => {
  const { id } = await unitOf(given)
  const body = said({ name: given.options['name'] })
  tellRow({ row: await ask({ path: `/units/${id}`, method: 'PATCH', body }), json: given.json })
  return 0
}

export const move: Verb = async (given) => {
  const organization = await organizationOf(given)
  const { id } = await findUnit(organization, given.args[0] ?? '')
  const to = await findUnit(organization, given.options['to'] ?? '')
  const body = { parent_id: to.id, ...(given.has('acceptWidening') ? { accepts_widening: true } : {}) }
  tellRow({ row: await ask({ path: `/units/${id}/move`, method: 'POST', body }), json: given.json })
  return 0
}

export const archive: Verb = async (given) => {
  const { id } = await unitOf(given)
  tellRow({ row: await ask({ path: `/units/${id}/archive`, method: 'POST', body: {} }), json: given.json })
  return 0
}

/** By its id: what is archived has given up its name. */
export const restore: Verb = async ({ args, json }) => {
  const path = `/units/${encodeURIComponent(args[0] ?? '')}/restore`
  tellRow({ row: await ask({ path, method: 'POST', body: {} }), json })
  return 0
}

const byPlace = (budgets: readonly Row[]) =>
  Map.groupBy(budgets, ({ place }) => (place as { id: string } | undefined)?.id ?? '')

/** One budget as a bar: `███░░░ 30 of 100 USD a month`. */
function budgetLine(budget: Row): string {
  const { metric, window, limit_now: limit, spent, held, mode } = budget
  const unit = metric === 'usd' ? 'USD' : cellOf(metric)
  const rule = `${cellOf(window)}${mode === 'hard' ? '' : `, ${cellOf(mode)}`}`
  if (typeof spent !== 'string') return `each ${cellOf(limit)} ${unit} (${rule})`
  const bar = barOf({ spent: Number(spent), held: Number(held), limit: Number(limit) })
  const held0 = held === '0' ? '' : `, ${cellOf(held)} held`
  return `${bar} ${spent} of ${cellOf(limit)} ${unit} (${rule}${held0})`
}

/** The tree of an organisation with its members and what stands against its budgets. */
export const tree: Verb = async (given) => {
  const organization = await organizationOf(given)
  const query = { organization: organization.id }
  const [units, principals, budgets] = [
    await listAll('/units', query),
    await listAll('/principals', query),
    byPlace(await listAll('/budgets', query)),
  ]
  const below = Map.groupBy(units, (unit) => String(unit['parent_id']))
  const members = Map.groupBy(principals, (one) => String(one['unit_id']))
  const nodeOf = (unit: Row): object => ({
    ...unit,
    budgets: budgets.get(unit.id) ?? [],
    principals: (members.get(unit.id) ?? []).map((one) => ({ ...one, budgets: budgets.get(one.id) ?? [] })),
    units: (below.get(unit.id) ?? []).map(nodeOf),
  })
  const root = units.find(({ id }) => id === organization.id)
  if (given.json) {
    printJson(root ? nodeOf(root) : null)
    return 0
  }
  const print = (row: Row, label: string, lead: string, rest: string) => {
    write(`${lead}${label}`)
    const children = [
      ...(members.get(row.id) ?? []).map((one) => ({
        row: one,
        label: `${cellOf(one['name'])} (${cellOf(one['kind'])})`,
      })),
      ...(below.get(row.id) ?? []).map((one) => ({ row: one, label: cellOf(one['name']) })),
    ]
    for (const budget of budgets.get(row.id) ?? [])
      write(`${rest}${children.length > 0 ? '│ ' : '  '}${budgetLine(budget)}`)
    for (const [index, child] of children.entries()) {
      const isLast = index === children.length - 1
      print(child.row, child.label, `${rest}${isLast ? '└─ ' : '├─ '}`, `${rest}${isLast ? '   ' : '│  '}`)
    }
  }
  print(root ?? organization, cellOf(organization['name']), '', '')
  return 0
}
