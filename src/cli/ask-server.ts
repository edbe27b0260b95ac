import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEnvironment } from './read-environment.ts'

/** Where `turnpike dev` leaves its ready line, so that other commands find the server that has the folder. */
export const readyFile = (dataDirectory: string) => join(dataDirectory, 'ready.json')

/** A server that runs, and what opens its operator API. */
type Server = { readonly url: string; readonly adminToken: string }

/** The one named by TURNPIKE_ADMIN_URL, or `turnpike dev` on the same folder. */
function findServer(): Server | undefined {
  const { config } = readEnvironment()
  return config.TURNPIKE_ADMIN_URL
    ? { url: config.TURNPIKE_ADMIN_URL, adminToken: config.TURNPIKE_ADMIN_TOKEN ?? '' }
    : devServer(config.TURNPIKE_DATA_DIR)
}

/**
 * Asks the operator API of a running server and gives the answer as it came.
 *
 * @returns undefined where no server runs.
 * @throws Error with what the server says is wrong.
 */
export async function reachServer({
  path,
  method,
  order,
}: {
  path: string
  method: string
  order?: unknown
}): Promise<Response | undefined> {
  const server = findServer()
  if (!server) return undefined
  const response = await fetch(`${server.url}/admin/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${server.adminToken}`, 'x-turnpike-via': 'cli' },
    ...(order === undefined ? {} : { body: JSON.stringify(order) }),
  }).catch(() => undefined)
  if (response && !response.ok) throw new Error(await refusalOf(response))
  return response
}

/**
 * Asks the operator API of a running server: the one named by TURNPIKE_ADMIN_URL, or `turnpike dev` on the same folder.
 *
 * @param order where something is to be done: sent as JSON by POST.
 * @returns undefined where no server runs.
 */
export async function askServer(path: string, order?: unknown): Promise<unknown> {
  const method = order === undefined ? 'GET' : 'POST'
  return (await reachServer({ path, method, order }))?.json()
}

/** What the server says is wrong, and what to do about it. */
async function refusalOf(response: Response): Promise<string> {
  const said = (await response.json().catch(() => ({}))) as { error?: { message?: string; next?: string } }
  const { message = `The server answered ${response.status}.`, next = '' } = said.error ?? {}
  return response.status === 401
    ? `The server answered 401: is TURNPIKE_ADMIN_TOKEN right?`
    : `${message} ${next}`.trim()
}

function devServer(dataDirectory: string): Server | undefined {
  try {
    return JSON.parse(readFileSync(readyFile(dataDirectory), 'utf8')) as Server
  } catch {
    return undefined
  }
}
