import { afterAll, beforeAll, expect, test } from 'vitest'
import { chatBody, post } from '../../support/chat.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.close())

const ORIGIN = 'https://app.example'
const preflight = (url: string, names = 'content-type,payment-signature,x-stainless-lang') =>
  fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': names,
    },
  })

test('a preflight on a paid path is answered for any origin, with the headers that were asked for', async () => {
  const response = await preflight(stack.chatUrl)
  expect(response.status).toBe(204)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': 'content-type,payment-signature,x-stainless-lang',
  })
  // Payments are no cookies: nothing is allowed to go with the user's credentials.
  expect(response.headers.has('access-control-allow-credentials')).toBe(false)
  const endless = await preflight(stack.chatUrl, 'x-a,'.repeat(1_000))
  expect(endless.headers.has('access-control-allow-headers')).toBe(false)
})

test('a page may read the price, the receipt and the call of an answer, errors included', async () => {
  const { headers: json, ...request } = post(chatBody())
  const headers = { ...(json as Record<string, string>), origin: ORIGIN }
  const demand = await fetch(stack.chatUrl, { ...request, headers })
  const missing = await fetch(`${stack.app.url}/v1/calls/call_0`, { headers: { origin: ORIGIN } })
  expect([demand.status, missing.status]).toEqual([402, 404])
  for (const response of [demand, missing]) {
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const exposed = response.headers.get('access-control-expose-headers')
    for (const name of ['payment-required', 'payment-response', 'x-call-id']) expect(exposed).toContain(name)
  }
})

test('operators’ routes are not for pages, and whoever comes from no page sees nothing of this', async () => {
  const admin = await preflight(`${stack.app.url}/admin/v1/calls`)
  expect(admin.headers.has('access-control-allow-origin')).toBe(false)
  const plain = await fetch(stack.chatUrl, post(chatBody()))
  expect(plain.headers.has('access-control-allow-origin')).toBe(false)
  const options = await fetch(stack.chatUrl, { method: 'OPTIONS' })
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, OPTIONS'])
  expect(options.headers.has('access-control-allow-methods')).toBe(false)
})
