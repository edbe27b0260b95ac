import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { CALLS, type DiscoveredServer } from './discovered-server.ts'

const METHODS = ['PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY', 'LINK'] as const

/** What a path answers to the methods that it does not have. */
export function testMethods(server: DiscoveredServer): void {
  test.each([...CALLS, '/v1/quotes', '/openapi.json', '/.well-known/x402', '/llms.txt'])(
    '%s refuses other methods by name, and nothing falls over',
    async (path) => {
      const allowed =
        path === '/v1/quotes'
          ? 'POST, OPTIONS'
          : CALLS.includes(path)
            ? 'GET, HEAD, POST, OPTIONS'
            : 'GET, HEAD, OPTIONS'
      for (const method of METHODS) {
        const answer = await raw(server.stack.app.url, `${method} ${path} HTTP/1.1`)
        expect(answer, method).toMatch(/^HTTP\/1\.1 405 /)
        expect(answer.toLowerCase()).toContain(`\r\nallow: ${allowed.toLowerCase()}\r\n`)
        expect(answer).toContain('method_not_allowed')
      }
      const options = await server.get(path, {
        method: 'OPTIONS',
        headers: { origin: 'https://elsewhere.example' },
      })
      expect({
        status: options.status,
        allow: options.headers.get('allow'),
        text: await options.text(),
      }).toEqual({
        status: 204,
        allow: allowed,
        text: '',
      })
      // A page may read any answer; what it may send is said to a preflight alone.
      expect(options.headers.get('access-control-allow-origin')).toBe('*')
      expect(options.headers.get('access-control-allow-methods')).toBeNull()
      for (const odd of [`CONNECT ${path} HTTP/1.1`, `NONSENSE ${path} HTTP/1.1`])
        await raw(server.stack.app.url, odd)
      expect((await server.get('/healthz')).status).toBe(200)
    },
  )
}

/** A request that fetch would not send. @returns everything that came back until the connection was closed. */
function raw(url: string, line: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname, () =>
      socket.write(`${line}\r\nhost: x\r\nconnection: close\r\n\r\n`),
    )
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
}
