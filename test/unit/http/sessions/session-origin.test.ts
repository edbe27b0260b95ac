import { describe, expect, test } from 'vitest'
import { readCookie, setCookie } from '../../../../src/http/sessions/cookies.ts'
import { isFromOurPage, sessionOrigin } from '../../../../src/http/sessions/session-origin.ts'

const [CONSOLE, PUBLIC] = ['https://console.example.com', 'https://api.example.com']
const asked = (headers: Record<string, string>, origins = [CONSOLE, PUBLIC]) => ({
  request: { headers, protocol: 'http' },
  origins,
})

describe('the origin of a session', () => {
  test.each([
    ['the one that its page names', { origin: PUBLIC, host: '127.0.0.1:4021' }, PUBLIC],
    ['the one that its Host names', { host: 'api.example.com' }, PUBLIC],
    ['this machine as it was asked', { host: 'localhost:4021' }, 'http://localhost:4021'],
    ['the first that is configured, where a proxy has changed the Host', { host: 'backend' }, CONSOLE],
    ['never what only the request says', { origin: 'https://evil.example', host: 'evil.example' }, CONSOLE],
  ])('is %s', (_what, headers, wanted) => {
    expect(sessionOrigin(asked(headers))).toBe(wanted)
  })

  test('is unknown where nothing is configured and the name is not this machine’s', () => {
    expect(sessionOrigin(asked({ host: 'api.example.com' }, []))).toBeUndefined()
  })
})

test.each([
  [{ origin: CONSOLE, host: 'x' }, true],
  [{ origin: 'http://127.0.0.1:4021', host: '127.0.0.1:4021' }, true],
  [{ origin: 'http://127.0.0.1:9999', host: '127.0.0.1:4021' }, false],
  [{ origin: 'https://console.example.com.evil.example', host: 'console.example.com' }, false],
  [{ origin: 'null', host: 'console.example.com' }, false],
  [{ host: 'console.example.com' }, false],
])('a page with %o is ours: %s', (headers: Record<string, string>, isOurs) => {
  expect(isFromOurPage(asked(headers))).toBe(isOurs)
})

test('a cookie over https is bound to its host, and one without that is not taken for it', () => {
  const given = { name: 'turnpike', value: 'v', origin: CONSOLE, maxAgeMs: 1_500 } as const
  expect(setCookie(given)).toBe('__Host-turnpike=v; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure')
  const read = (cookie: string, origin: string) =>
    readCookie({ request: { headers: { cookie } }, name: 'turnpike', origin })
  expect(read('a=b; __Host-turnpike=v; c', CONSOLE)).toBe('v')
  expect(read('turnpike=v', CONSOLE)).toBeUndefined()
  expect(read('xturnpike=v; turnpike=w', 'http://localhost')).toBe('w')
  expect(read('turnpike=', 'http://localhost')).toBeUndefined()
})
