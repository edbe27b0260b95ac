import type { AdminPage, Tenant } from '../../call/admin-ports.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { Sql } from '../database/database.ts'
import { type ReadTable, tenantCondition } from './read-tables.ts'

/** A page of one tenant's rows. A cursor that is another tenant's stands nowhere: the page is empty. */
export async function listResource<Value>({
  sql,
  table,
  tenant,
  where = {},
  archived = false,
  limit,
  after,
  before,
  order = 'desc',
}: {
  sql: Sql
  table: ReadTable<Value>
  tenant: Tenant
  where?: Readonly<Record<string, string | undefined>>
  archived?: boolean
} & AdminPage): Promise<{ readonly items: readonly Value[]; readonly hasMore: boolean }> {
  const size = Math.min(Math.max(1, limit), LIMITS.listEntries)
  const { condition, value } = tenantCondition({ table, tenant })
  const values: (string | number | null)[] = [value]
  const parameter = (one: string | number) => `$${values.push(one)}`
  const isBackwards = before !== undefined
  const direction = (order === 'desc') === !isBackwards ? 'desc' : 'asc'
  const cursor = before ?? after
  const key = `${table.madeAt}, ${table.id}`
  const conditions = [
    condition,
    ...(archived || table.living === undefined ? [] : [table.living]),
    ...Object.entries(where).flatMap(([name, wanted]) => {
      const column = table.filters[name]
      if (wanted === undefined) return []
      if (column === undefined) throw new RangeError(`A list cannot be narrowed by ${name}.`)
      return [`${column} = ${parameter(wanted)}`]
    }),
    ...(cursor === undefined
      ? []
      : [
          `(${key}) ${direction === 'desc' ? '<' : '>'}
             (select ${key} from ${table.table} where ${table.id} = ${parameter(cursor)} and ${condition})`,
        ]),
  ]
  const rows = await sql.query(
    `select * from ${table.table} where ${conditions.join(' and ')}
     order by ${table.madeAt} ${direction}, ${table.id} ${direction} limit ${parameter(size + 1)}`,
    values,
  )
  const page = rows.slice(0, size).map(table.read)
  return { items: isBackwards ? page.toReversed() : page, hasMore: rows.length > size }
}
