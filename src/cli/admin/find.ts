import { listAll, type Row } from './ask.ts'

const same = (one: unknown, other: string) =>
  typeof one === 'string' && one.normalize('NFKC').toLowerCase() === other.normalize('NFKC').toLowerCase()

/** The one row that is meant. @throws Error where there is none, or more than one. */
function onlyOne(rows: readonly Row[], what: string, wanted: string): Row {
  const [row, other] = rows
  if (!row) throw new Error(`There is no ${what} "${wanted}".`)
  if (other) throw new Error(`There are several of the name "${wanted}": say which by its id.`)
  return row
}

/** An organisation by id or name; the only one where none is said. */
export async function findOrganization(wanted: string | undefined): Promise<Row> {
  const rows = await listAll('/organizations')
  const [only] = rows
  if (wanted === undefined) {
    if (only && rows.length === 1) return only
    throw new Error(
      rows.length === 0
        ? 'There is no organisation yet.'
        : 'There are several organisations: say --organization.',
    )
  }
  const byId = rows.filter(({ id }) => id === wanted)
  return onlyOne(
    byId.length > 0 ? byId : rows.filter(({ name }) => same(name, wanted)),
    'organisation',
    wanted,
  )
}

/** Units of an organisation with their names from the root's children down: `Sales/Field`; the root's is empty. */
export async function unitsByName(organization: string): Promise<ReadonlyMap<string, Row>> {
  const units = await listAll('/units', { organization })
  const names = new Map(units.map(({ id, name }) => [id, String(name)]))
  return new Map(
    units.map((unit) => [
      (unit['path'] as string[])
        .slice(1)
        .map((id) => names.get(id) ?? id)
        .join('/'),
      unit,
    ]),
  )
}

/** A unit by id, by its names (`Sales/Field`), or by its own name where no other has it. */
export async function findUnit(organization: Row, wanted: string): Promise<Row> {
  const units = await unitsByName(organization.id)
  const byPath = [...units]
    .filter(([path, { id }]) => id === wanted || same(path, wanted))
    .map(([, unit]) => unit)
  if (byPath.length > 0) return onlyOne(byPath, 'unit', wanted)
  return onlyOne(
    [...units.values()].filter(({ name }) => same(name, wanted)),
    'unit',
    wanted,
  )
}

/** A row of a list by id, or by its name where no other has it. */
export async function findNamed({
  path,
  what,
  organization,
  wanted,
}: {
  path: string
  what: string
  organization: Row
  wanted: string
}): Promise<Row> {
  const rows = await listAll(path, { organization: organization.id })
  const byId = rows.filter(({ id }) => same(id, wanted))
  return onlyOne(byId.length > 0 ? byId : rows.filter(({ name }) => same(name, wanted)), what, wanted)
}

export const findPrincipal = (organization: Row, wanted: string): Promise<Row> =>
  findNamed({ path: '/principals', what: 'principal', organization, wanted })

/** `organization`, `unit:Sales/Field`, `principal:NAME`, `wallet:0x…`, `key:ID`. @throws Error where it is none of these. */
export async function findPlace(organization: Row, text: string): Promise<{ level: string; id: string }> {
  const [level = '', ...rest] = text.split(':')
  const wanted = rest.join(':')
  if (level === 'organization') return { level, id: organization.id }
  if (level === 'unit') {
    const { id } = await findUnit(organization, wanted)
    return id === organization.id ? { level: 'organization', id } : { level, id }
  }
  if (level === 'principal' || level === 'wallet') {
    const { id, kind } = await findPrincipal(organization, wanted)
    return { level: kind === 'wallet' ? 'wallet' : 'principal', id }
  }
  if (level === 'key')
    return { level, id: (await findNamed({ path: '/keys', what: 'key', organization, wanted })).id }
  throw new Error(`"${text}" is no place: organization, unit:NAME, principal:NAME, wallet:ADDRESS or key:ID.`)
}
