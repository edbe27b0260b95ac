import { ask, listAll, type Row, said } from './ask.ts'
import { findNamed, findOrganization, findPlace, findPrincipal, findUnit, unitsByName } from './find.ts'
import { cellOf, printJson, tellRow, tellRows, write } from './tell.ts'
import { printTable } from '../table.ts'
import type { Given, Verb } from './verb.ts'

const organizationOf = ({ options }: Given) => findOrganization(options['organization'])
const at = (path: string, { args }: Given) => `${path}/${encodeURIComponent(args[0] ?? '')}`

/** Where records hang, as it is written on the command line. */
async function placeNames(organization: Row): Promise<(row: Row) => string> {
  const query = { organization: organization.id }
  const names = new Map<string, string>()
  for (const [path, { id }] of await unitsByName(organization.id)) names.set(id, path)
  for (const { id, name } of await listAll('/principals', query)) names.set(id, cellOf(name))
  return (row) => {
    const { level, id } = row['place'] as { level: string; id: string }
    return level === 'organization' ? level : `${level}:${names.get(id) ?? id}`
  }
}

const terms = ({ options }: Given) =>
  said({
    limit: options['limit'],
    window: options['window'],
    mode: options['mode'],
    applies: options['applies'],
    time_zone: options['timeZone'],
    thresholds_percent: options['thresholds']?.split(',').map(Number),
  })

/** A limit for some time: `--override 500 --until 2027-01-31`. */
function overrides({ options }: Given): Readonly<Record<string, unknown>> {
  const { override: limit, from = new Date().toISOString(), until } = options
  if (limit === undefined) return {}
  if (until === undefined) throw new Error('--override takes --until as well.')
  return { overrides: [{ limit, from, until }] }
}

export const listBudgets: Verb = async (given) => {
  const organization = await organizationOf(given)
  const placeOf = await placeNames(organization)
  const rows = await listAll('/budgets', { organization: organization.id })
  const columns = {
    id: ({ id }: Row) => id,
    at: placeOf,
    metric: ({ metric }: Row) => metric,
    window: ({ window }: Row) => window,
    limit: (row: Row) => row['limit_now'],
    spent: ({ spent }: Row) => spent,
    held: ({ held }: Row) => held,
    mode: ({ mode }: Row) => mode,
    resets: (row: Row) => row['resets_at'],
  }
  tellRows({ rows, columns, json: given.json })
  return 0
}

export const showBudget: Verb = async (given) => {
  tellRow({ row: await ask({ path: at('/budgets', given) }), json: given.json })
  return 0
}

export const createBudget: Verb = async (given) => {
  const place = await findPlace(await organizationOf(given), given.options['at'] ?? '')
  const body = { place, ...said({ metric: given.options['metric'] }), ...terms(given), ...overrides(given) }
  tellRow({ row: await ask({ path: '/budgets', method: 'POST', body }), json: given.json })
  return 0
}

export const updateBudget: Verb = async (given) => {
  const body = { ...terms(given), ...overrides(given) }
  tellRow({ row: await ask({ path: at('/budgets', given), method: 'PATCH', body }), json: given.json })
  return 0
}

const archiving =
  (path: string): Verb =>
  async (given) => {
    tellRow({
      row: await ask({ path: `${at(path, given)}/archive`, method: 'POST', body: {} }),
      json: given.json,
    })
    return 0
  }

export const archiveBudget = archiving('/budgets')
export const archivePolicy = archiving('/policies')

export const listPolicies: Verb = async (given) => {
  const organization = await organizationOf(given)
  const placeOf = await placeNames(organization)
  const rows = await listAll('/policies', { organization: organization.id })
  const columns = { id: ({ id }: Row) => id, at: placeOf, rules: ({ rules }: Row) => rules }
  tellRows({ rows, columns, json: given.json })
  return 0
}

export const showPolicy: Verb = async (given) => {
  tellRow({ row: await ask({ path: at('/policies', given) }), json: given.json })
  return 0
}

/** @throws Error where the rules are no JSON object. */
export const setPolicy: Verb = async (given) => {
  const place = await findPlace(await organizationOf(given), given.options['at'] ?? '')
  let rules: unknown
  try {
    rules = JSON.parse(given.options['rules'] ?? '')
  } catch {
    throw new Error('--rules takes a JSON object, such as {"zdr":true,"max_call_usd":"0.50"}.')
  }
  tellRow({ row: await ask({ path: '/policies', method: 'PUT', body: { place, rules } }), json: given.json })
  return 0
}

type InForce = {
  readonly places: readonly { readonly level: string; readonly id: string }[]
  readonly rules: Readonly<Record<string, unknown>>
}

/** What is in force, each rule with the places that make it so. */
export const effectivePolicy: Verb = async (given) => {
  const organization = await organizationOf(given)
  const { principal, key, unit } = given.options
  const query = said({
    principal: principal === undefined ? undefined : (await findPrincipal(organization, principal)).id,
    unit: unit === undefined ? undefined : (await findUnit(organization, unit)).id,
    key:
      key === undefined
        ? undefined
        : (await findNamed({ path: '/keys', what: 'key', organization, wanted: key })).id,
  }) as Readonly<Record<string, string>>
  const path = `/policies/effective?${new URLSearchParams(query).toString()}`
  const { places, rules } = await ask<InForce>({ path })
  if (given.json) {
    printJson({ places, rules })
    return 0
  }
  const rows = Object.entries(rules).flatMap(([name, rule]) =>
    (Array.isArray(rule) ? rule : [rule]).map(
      (one: { value: unknown; from: readonly { level: string; id: string }[] }) => [
        name,
        cellOf(one.value),
        one.from.map(({ level, id }) => (level === 'organization' ? level : `${level}:${id}`)).join(', '),
      ],
    ),
  )
  if (rows.length === 0) write('No policy says anything there.')
  else printTable(['rule', 'value', 'from'], rows)
  return 0
}
