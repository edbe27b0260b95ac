import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { LIMITS } from '../lib/limits.ts'
import { createSseDecoder } from '../lib/sse.ts'
import { readyFile } from './ask-server.ts'
import { readEnvironment } from './read-environment.ts'

type Id = string | number

type Message = { readonly id?: Id; readonly method?: string; readonly params?: { readonly requestId?: Id } }

/** JSON-RPC's code for a failure between the two sides. */
const UNREACHABLE = -32_000
const NOT_JSON = -32_700

/**
 * `turnpike mcp`: MCP over stdio, for clients that start their servers. Each line goes to POST /mcp of a running server as it is, and
 * its answer comes back as a line; payments pass through in `_meta`. Ends with its input.
 *
 * @param url of the server; `turnpike dev` on the data folder, or the port of the environment, where absent.
 */
export async function mcp({ url = serverUrl() }: { url?: string }): Promise<void> {
  const running = new Map<Id, AbortController>()
  const write = (text: string) => process.stdout.write(`${text}\n`)
  const open = new Set<Promise<void>>()
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const message = readMessage(line)
    if (!message) {
      write(failureOf({ id: null, code: NOT_JSON, words: 'The line is not a JSON object.' }))
      continue
    }
    if (message.method === 'notifications/cancelled') {
      const { requestId } = message.params ?? {}
      if (requestId !== undefined) running.get(requestId)?.abort()
    }
    const exchange = pass({ line, message, url, running, write }).finally(() => open.delete(exchange))
    open.add(exchange)
  }
  await Promise.all(open)
}

async function pass({
  line,
  message: { id },
  url,
  running,
  write,
}: {
  line: string
  message: Message
  url: string
  running: Map<Id, AbortController>
  write: (text: string) => void
}): Promise<void> {
  const controller = new AbortController()
  if (id !== undefined) running.set(id, controller)
  try {
    const response = await fetch(new URL('/mcp', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: line,
      signal: controller.signal,
    })
    for await (const text of messagesIn(response)) write(text)
  } catch {
    if (id === undefined || controller.signal.aborted) return
    write(failureOf({ id, code: UNREACHABLE, words: `No Turnpike answers at ${url}.` }))
  } finally {
    if (id !== undefined) running.delete(id)
  }
}

/** The messages of an answer: one as JSON, or several as a stream; none to a notification, which is taken without a word. */
async function* messagesIn(response: Response): AsyncGenerator<string> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  if (!isStream || !response.body) {
    const text = await response.text()
    if (text !== '') yield text
    return
  }
  const decoder = createSseDecoder({ maxLineBytes: LIMITS.bodyBytes })
  for await (const bytes of response.body) for (const { data } of decoder.push(bytes)) yield data
  for (const { data } of decoder.end()) yield data
}

function readMessage(line: string): Message | undefined {
  try {
    const value = JSON.parse(line) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

const failureOf = ({ id, code, words }: { id: Id | null; code: number; words: string }) =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: words } })

function serverUrl(): string {
  const { config } = readEnvironment()
  const ready = readyFile(config.TURNPIKE_DATA_DIR)
  if (existsSync(ready)) return (JSON.parse(readFileSync(ready, 'utf8')) as { url: string }).url
  return `http://${config.HOST}:${config.PORT}`
}
