import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEnvironment } from './read-environment.ts'

/** Where `turnpike dev` leaves its ready line, so that other commands find the server that has the folder. */
export const readyFile = (dataDirectory: string) => join(dataDirectory, 'ready.json')

/**
 * Asks the operator API of a running server: the one named by TURNPIKE_ADMIN_URL, or `turnpike dev` on the same folder.
 *
 * @param order where something is to be done: sent as JSON by POST.
 * @returns undefined where no server runs.
 */
export async function askServer(path: string, order?: unknown): Promise<unknown> {
  const { config } = readEnvironment()
  const server = config.TURNPIKE_ADMIN_URL
    ? { url: config.TURNPIKE_ADMIN_URL, adminToken: config.TURNPIKE_ADMIN_TOKEN ?? '' }
    : devServer(config.TURNPIKE_DATA_DIR)
  if (!server) return undefined
  const headers = { authorization: `Bearer ${server.adminToken}` }
  const request = order === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(order) }
  const response = await fetch(`${server.url}/admin/v1${path}`, request).catch(() => undefined)
  if (!response) return undefined
  if (!response.ok) throw new Error(await refusalOf(response))
  return response.json()
}

/** What the server says is wrong, and what to do about it. */
async function refusalOf(response: Response): Promise<string> {
  const said = (await response.json().catch(() => ({}))) as { error?: { message?: string; next?: string } }
  const { message = `The server answered ${response.status}.`, next = '' } = said.error ?? {}
  return response.status === 401
    ? `The server answered 401: is TURNPIKE_ADMIN_TOKEN right?`
    : `${message} ${next}`.trim()
}

function devServer(dataDirectory: string): { url: string; adminToken: string } | undefined {
  try {
    return JSON.parse(readFileSync(readyFile(dataDirectory), 'utf8')) as { url: string; adminToken: string }
  } catch {
    return undefined
  }
}
