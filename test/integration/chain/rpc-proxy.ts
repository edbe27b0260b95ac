import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'

type RpcItem = { id: number; method: string; params: readonly unknown[] }
type Answer = { result: unknown } | { error: unknown } | undefined
/**
 * An answer instead of the node's: `result` or `error` of JSON-RPC; undefined lets the request through, after what the override
 * has done meanwhile.
 */
export type Override = (item: RpcItem) => Answer | Promise<Answer>

/** A way to a node that counts what passes, and can be broken on purpose. */
export async function openRpcProxy(target: string) {
  let methods: string[] = []
  let httpRequests = 0
  let mode: 'pass' | 'drop' | 'hang' | 'html' | 'empty' = 'pass'
  let override: Override = () => undefined

  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request)
      httpRequests += 1
      const parsed = JSON.parse(body) as RpcItem | RpcItem[]
      const items = Array.isArray(parsed) ? parsed : [parsed]
      methods.push(...items.map(({ method }) => method))
      if (mode === 'drop') return request.socket.destroy()
      if (mode === 'hang') return undefined
      response.setHeader('content-type', mode === 'html' ? 'text/html' : 'application/json')
      if (mode === 'html') return response.end('<html>rate limited</html>')
      if (mode === 'empty') return response.end('{}')
      const answers = await Promise.all(
        items.map(async (item) => {
          const answer = await override(item)
          return answer ? { jsonrpc: '2.0', id: item.id, ...answer } : forward(target, item)
        }),
      )
      return response.end(JSON.stringify(Array.isArray(parsed) ? answers : answers[0]))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    setMode: (next: typeof mode) => (mode = next),
    setOverride: (next: Override) => (override = next),
    restore: () => {
      mode = 'pass'
      override = () => undefined
    },
    /** What passed while something ran. */
    count: async <Value>(run: () => Promise<Value>) => {
      methods = []
      httpRequests = 0
      const value = await run()
      return { value, httpRequests, methods: [...methods].sort() }
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type RpcProxy = Awaited<ReturnType<typeof openRpcProxy>>

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

async function forward(target: string, item: RpcItem): Promise<unknown> {
  const response = await fetch(target, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(item),
  })
  return response.json()
}
