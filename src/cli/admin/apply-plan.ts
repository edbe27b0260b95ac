import { formatUsd, parseUsd } from '../../lib/money.ts'
import { type ApplyFile, unitsOfFile } from './apply-file.ts'
import { nameKey, placeKnown, placeOf, type State, unitId } from './apply-state.ts'
import { ask, type Row, said } from './ask.ts'

/** One thing to do: made (+), changed (~) or archived (-). */
export type Step = {
  readonly sign: '+' | '~' | '-'
  readonly what: string
  /** What differs: before and after. */
  readonly fields?: Readonly<Record<string, readonly [unknown, unknown]>>
  /** @returns the record as it is then. */
  readonly run: (state: State) => Promise<Row>
}

/** Amounts are the same however they are written: 100, "100.00". */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .map(([name, member]): [string, unknown] => [name, plain(member)])
        .toSorted(([one], [other]) => (one < other ? -1 : 1)),
    )
  const amount =
    typeof value === 'string'
      ? parseUsd(value.replace(/^(\d+\.\d*?)0+$/, '$1').replace(/\.$/, ''))
      : undefined
  if (amount !== undefined) return formatUsd(amount)
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && Number.isFinite(Date.parse(value)))
    return new Date(value).toISOString()
  return value
}

/** The fields of which a file says something else than there is. */
function differences(
  row: Row,
  wanted: Readonly<Record<string, unknown>>,
): Record<string, readonly [unknown, unknown]> {
  return Object.fromEntries(
    Object.entries(wanted)
      .filter(([name, value]) => JSON.stringify(plain(row[name])) !== JSON.stringify(plain(value)))
      .map(([name, value]) => [name, [row[name], value] as const]),
  )
}

const isSame = (fields: object) => Object.keys(fields).length === 0
const after = (fields: Readonly<Record<string, readonly [unknown, unknown]>>) =>
  Object.fromEntries(Object.entries(fields).map(([name, [, value]]) => [name, value]))

const changing = (
  path: string,
  what: string,
  row: Row,
  wanted: Readonly<Record<string, unknown>>,
): readonly Step[] => {
  const fields = differences(row, wanted)
  const body = { ...after(fields), version: row['version'] }
  return isSame(fields)
    ? []
    : [{ sign: '~', what, fields, run: () => ask({ path: `${path}/${row.id}`, method: 'PATCH', body }) }]
}

const archiving = (path: string, what: string, { id, version }: Row): Step => ({
  sign: '-',
  what,
  run: () => ask({ path: `${path}/${id}/archive`, method: 'POST', body: { version } }),
})

const making = (what: string, path: string, bodyOf: (state: State) => unknown): Step => ({
  sign: '+',
  what,
  run: (state) => ask({ path, method: 'POST', body: bodyOf(state) }),
})

function organizationSteps(file: ApplyFile, { organization }: State): readonly Step[] {
  const { organization: name, time_zone, level_names } = file
  const what = `organization ${name}`
  const settings = said({ time_zone, level_names })
  if (organization) return changing('/organizations', what, organization, { name, ...settings })
  return [
    {
      sign: '+',
      what,
      run: async (state) => {
        const made = await ask({ path: '/organizations', method: 'POST', body: { name, ...settings } })
        state.units.set('', made.id)
        return made
      },
    },
  ]
}

function unitSteps(file: ApplyFile, { units }: State): readonly Step[] {
  return unitsOfFile(file.units).flatMap((path): readonly Step[] => {
    if (units.has(nameKey(path))) return []
    const names = path.split('/')
    const parent = names.slice(0, -1).join('/')
    return [
      {
        sign: '+',
        what: `unit ${path}`,
        run: async (state) => {
          const body = { parent_id: unitId(state, parent), name: names.at(-1) }
          const made = await ask({ path: '/units', method: 'POST', body })
          state.units.set(nameKey(path), made.id)
          return made
        },
      },
    ]
  })
}

type FilePrincipal = NonNullable<ApplyFile['principals']>[number]
const keyOf = ({ wallet, name }: FilePrincipal) => nameKey(wallet ?? name)

function principalSteps(file: ApplyFile, state: State): readonly Step[] {
  return (file.principals ?? []).flatMap((one): readonly Step[] => {
    const { name, wallet, kind = 'service', unit = '' } = one
    const what = wallet === undefined ? `principal ${name}` : `wallet ${wallet} (${name})`
    const row = state.principals.get(keyOf(one))
    if (!row) {
      const run = async (now: State) => {
        const unit_id = unitId(now, unit)
        const body = wallet === undefined ? { unit_id, kind, name } : { unit_id, name, address: wallet }
        const path = wallet === undefined ? '/principals' : '/wallets'
        const made = await ask({ path, method: 'POST', body })
        const id = wallet ?? made.id
        now.principals.set(keyOf(one), { id, kind: wallet === undefined ? kind : 'wallet' })
        return made
      }
      return [{ sign: '+', what, run }]
    }
    const at = state.units.get(nameKey(unit))
    if (at !== undefined) return changing('/principals', what, row, { name, unit_id: at })
    // It moves to a unit that is made on the way.
    const fields = { unit: [row['unit_id'], unit] as const }
    return [
      {
        sign: '~',
        what,
        fields,
        run: (now) =>
          ask({ path: `/principals/${row.id}`, method: 'PATCH', body: { name, unit_id: unitId(now, unit) } }),
      },
    ]
  })
}

function roleSteps(file: ApplyFile, state: State): readonly Step[] {
  return (file.principals ?? []).flatMap((one) =>
    (one.roles ?? []).flatMap((given): readonly Step[] => {
      const { role, unit } = typeof given === 'string' ? { role: given, unit: one.unit ?? '' } : given
      const holder = state.principals.get(keyOf(one))
      const at = state.units.get(nameKey(unit))
      const isHeld = state.rows.grants.some(
        (grant) =>
          grant['principal_id'] === holder?.id &&
          grant['unit_id'] === at &&
          grant['role'] === role &&
          // What a group has given goes with it.
          grant['is_by_group'] !== true,
      )
      if (holder && at !== undefined && isHeld) return []
      return [
        making(`role ${role} of ${one.name} at ${unit || file.organization}`, '/grants', (now) => ({
          principal_id: now.principals.get(keyOf(one))?.id,
          unit_id: unitId(now, unit),
          role,
        })),
      ]
    }),
  )
}

const placeText = ({ place }: Row) => {
  const { level, id } = place as { level: string; id: string }
  return `${level} ${id}`
}

function policySteps(file: ApplyFile, state: State): readonly Step[] {
  return (file.policies ?? []).flatMap(({ at, rules }): readonly Step[] => {
    const row = state.rows.policies.find((one) => placeText(one) === placeKnown(state, at))
    const fields: Record<string, readonly [unknown, unknown]> = row ? differences(row, { rules }) : {}
    if (row && isSame(fields)) return []
    const run = (now: State) =>
      ask({
        path: '/policies',
        method: 'PUT',
        body: { place: placeOf(now, at), rules, ...(row ? { version: row['version'] } : {}) },
      })
    return [{ sign: row ? '~' : '+', what: `policy at ${at}`, ...(row ? { fields } : {}), run }]
  })
}

type Limited = {
  readonly at: string
  readonly metric: string
  readonly window?: string
  readonly applies?: string
}

const isThat = (state: State, wanted: Limited) => (row: Row) =>
  placeText(row) === placeKnown(state, wanted.at) &&
  row['metric'] === wanted.metric &&
  (wanted.window === undefined || row['window'] === wanted.window) &&
  (wanted.applies === undefined || row['applies'] === wanted.applies)

function budgetSteps(file: ApplyFile, state: State): readonly Step[] {
  return (file.budgets ?? []).flatMap((one): readonly Step[] => {
    const { at, metric, window, applies, ...terms } = one
    const what = `budget at ${at}: ${metric} a ${window}`
    const row = state.rows.budgets.find(isThat(state, one))
    if (row) return changing('/budgets', what, row, said(terms))
    return [
      making(what, '/budgets', (now) => ({
        place: placeOf(now, at),
        metric,
        window,
        applies,
        ...said(terms),
      })),
    ]
  })
}

function rateSteps(file: ApplyFile, state: State): readonly Step[] {
  return (file.rates ?? []).flatMap((one): readonly Step[] => {
    const { at, metric, limit } = one
    const what = `rate at ${at}: ${metric}`
    const row = state.rows.rates.find(isThat(state, one))
    if (row) return changing('/rates', what, row, { limit })
    return [making(what, '/rates', (now) => ({ place: placeOf(now, at), metric, limit }))]
  })
}

function webhookSteps(file: ApplyFile, { rows }: State): readonly Step[] {
  return (file.webhooks ?? []).flatMap((one): readonly Step[] => {
    const what = `webhook ${one.name}`
    const row = rows.webhooks.find(({ name }) => nameKey(String(name)) === nameKey(one.name))
    if (row) return changing('/webhooks', what, row, one)
    return [making(what, '/webhooks', (now) => ({ organization_id: unitId(now, ''), ...one }))]
  })
}

/** What there is and the file does not have, what depends on others first. */
function pruneSteps(file: ApplyFile, state: State): readonly Step[] {
  const { rows } = state
  const places = new Map<string, string>()
  const limits = (path: 'policies' | 'budgets' | 'rates', kept: (row: Row) => boolean) =>
    rows[path]
      .filter((row) => !kept(row))
      .map((row) => archiving(`/${path}`, `${path} at ${placeText(row)}`, row))
  const webhooks = new Set((file.webhooks ?? []).map(({ name }) => nameKey(name)))
  const principals = new Set((file.principals ?? []).map(keyOf))
  const wanted = new Set(unitsOfFile(file.units).map(nameKey))
  for (const [path, id] of state.units) places.set(id, path)
  const units = [...state.units].filter(([path]) => path !== '' && !wanted.has(path))
  return [
    ...rows.webhooks
      .filter(({ name }) => !webhooks.has(nameKey(String(name))))
      .map((row) => archiving('/webhooks', `webhook ${String(row['name'])}`, row)),
    ...limits('policies', (row) =>
      (file.policies ?? []).some(({ at }) => placeKnown(state, at) === placeText(row)),
    ),
    ...limits('budgets', (row) => (file.budgets ?? []).some((one) => isThat(state, one)(row))),
    ...limits('rates', (row) => (file.rates ?? []).some((one) => isThat(state, one)(row))),
    ...[...state.principals]
      .filter(([name]) => !principals.has(name))
      .map(([, row]) => archiving('/principals', `principal ${String(row['name'])}`, row)),
    // Those below go first.
    ...units
      .toSorted(([one], [other]) => other.split('/').length - one.split('/').length)
      .flatMap(([path, id]) => {
        const row = rows.units.find((one) => one.id === id)
        return row ? [archiving('/units', `unit ${path}`, row)] : []
      }),
  ]
}

/** Everything that makes an organisation what a file says, in an order in which it can be done. */
export const planApply = ({
  file,
  state,
  prune,
}: {
  file: ApplyFile
  state: State
  prune: boolean
}): readonly Step[] => [
  ...organizationSteps(file, state),
  ...unitSteps(file, state),
  ...principalSteps(file, state),
  ...roleSteps(file, state),
  ...policySteps(file, state),
  ...budgetSteps(file, state),
  ...rateSteps(file, state),
  ...webhookSteps(file, state),
  ...(prune ? pruneSteps(file, state) : []),
]
