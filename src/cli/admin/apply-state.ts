import { listAll, type Row } from './ask.ts'
import { unitsByName } from './find.ts'

/** What there is in an organisation, and the ids of what is made on the way. */
export type State = {
  readonly organization: Row | undefined
  /** By names from the root's children down; the root's is empty. */
  readonly units: Map<string, string>
  /** By name, wallets by address as well. */
  readonly principals: Map<string, Row>
  readonly rows: Readonly<Record<Listed, readonly Row[]>>
}

const LISTED = ['units', 'principals', 'grants', 'policies', 'budgets', 'rates', 'webhooks'] as const
type Listed = (typeof LISTED)[number]

/** How names are compared, so that a file does not make anew what differs in case alone. */
export const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase()

/** @throws Error where there are several organisations of that name. */
export async function readState(name: string): Promise<State> {
  const found = (await listAll('/organizations')).filter(
    (one) => nameKey(String(one['name'])) === nameKey(name),
  )
  if (found.length > 1) throw new Error(`There are several organisations "${name}".`)
  const [organization] = found
  const list = async (path: Listed) =>
    [path, organization ? await listAll(`/${path}`, { organization: organization.id }) : []] as const
  const rows = Object.fromEntries(await Promise.all(LISTED.map(list))) as unknown as State['rows']
  const named = organization ? await unitsByName(organization.id) : new Map<string, Row>()
  return {
    organization,
    units: new Map([...named].map(([path, { id }]) => [nameKey(path), id])),
    principals: new Map(rows.principals.map((row) => [nameKey(String(row['address'] ?? row['name'])), row])),
    rows,
  }
}

/** @throws Error where nobody has that name. */
export function unitId({ units }: Pick<State, 'units'>, path: string): string {
  const id = units.get(nameKey(path))
  if (id === undefined) throw new Error(`There is no unit "${path}", neither here nor in the file.`)
  return id
}

/** A place of the file (`unit:Sales`), once what it names is there. */
export function placeOf(
  state: Pick<State, 'units' | 'principals'>,
  text: string,
): { level: string; id: string } {
  const [level = '', ...rest] = text.split(':')
  const name = rest.join(':')
  if (level === 'organization') return { level, id: unitId(state, '') }
  if (level === 'unit') return { level, id: unitId(state, name) }
  const principal =
    level === 'principal' || level === 'wallet' ? state.principals.get(nameKey(name)) : undefined
  if (principal) return { level: principal['kind'] === 'wallet' ? 'wallet' : 'principal', id: principal.id }
  throw new Error(`"${text}" is no place: organization, unit:NAME, principal:NAME or wallet:ADDRESS.`)
}

/** The same where it may not be there yet: then it has nothing. */
export function placeKnown(state: Pick<State, 'units' | 'principals'>, text: string): string | undefined {
  try {
    const { level, id } = placeOf(state, text)
    return `${level} ${id}`
  } catch {
    return undefined
  }
}
