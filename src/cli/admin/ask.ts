import { reachServer } from '../ask-server.ts'

/** A record as the API answers it. */
export type Row = Readonly<Record<string, unknown>> & { readonly id: string }

type Order = { readonly path: string; readonly method?: string; readonly body?: unknown }

/** @throws Error where no server runs, or with what it says is wrong. */
export async function reach({ path, method = 'GET', body }: Order): Promise<Response> {
  const response = await reachServer({ path, method, order: body })
  if (response) return response
  throw new Error('No server answers. Start one (turnpike dev or serve), or name it in TURNPIKE_ADMIN_URL.')
}

/** One question to the operator API. */
export const ask = async <Answer = Row>(order: Order): Promise<Answer> =>
  (await (await reach(order)).json()) as Answer

/** Every row of a list, over all of its pages. */
export async function listAll(
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Row[]> {
  const rows: Row[] = []
  let after: string | null | undefined
  do {
    const said = Object.entries({ ...query, after: after ?? undefined, order: 'asc' }).flatMap(
      ([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]),
    )
    const page = await ask<{ data: Row[]; has_more: boolean; last_id: string | null }>({
      path: `${path}?${new URLSearchParams(said).toString()}`,
    })
    rows.push(...page.data)
    after = page.has_more ? page.last_id : undefined
  } while (after)
  return rows
}

/** Leaves out what was not said. */
export const said = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
