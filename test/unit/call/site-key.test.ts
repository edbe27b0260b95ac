import { expect, test } from 'vitest'
import {
  callSiteOf,
  joinSiteKey,
  payerKeyOf,
  siteKeyOf,
  splitSiteKey,
} from '../../../src/call/plan/site-key.ts'

const secret = 'a secret of the tests, 32 characters'
const fieldsOf = (system: string, user = 'Hello', more: object = {}) => ({
  messages: [
    { role: 'system', content: system },
    { role: 'user', content: user },
  ],
  ...more,
})
const site = (fields: Readonly<Record<string, unknown>>, key = secret) =>
  callSiteOf({ request: { fields }, secret: key })
const payer = { kind: 'wallet', id: '0xabc' } as const

test('a site is its instructions, tools and format; what the user says does not matter, nor do numbers in the instructions', () => {
  const usual = site(fieldsOf('You sort mail.'))
  expect(site(fieldsOf('You sort mail.', 'Something else', { temperature: 1, model: 'a/b' }))).toBe(usual)
  expect(site(fieldsOf('You write mail.'))).not.toBe(usual)
  expect(site(fieldsOf('You sort mail.', 'Hello', { tools: [] }))).not.toBe(usual)
  expect(site(fieldsOf('You sort mail.', 'Hello', { response_format: { type: 'json_object' } }))).not.toBe(
    usual,
  )
  expect(site(fieldsOf('It is 10:04 on 2026-11-26.'))).toBe(site(fieldsOf('It is 23:59 on 2027-01-01.')))
  expect(site({ input: 'no messages at all' })).toBe(site({}))
})

test('without the server key a name says nothing, and it is short', () => {
  const fields = fieldsOf('You sort mail.')
  expect(site(fields, 'another secret of the tests, 32 chars')).not.toBe(site(fields))
  expect(site(fields)).toMatch(/^[\w-]{22}$/)
  expect(payerKeyOf({ payer, secret })).not.toContain('abc')
  expect(payerKeyOf({ payer: { ...payer, kind: 'organization' }, secret })).not.toBe(
    payerKeyOf({ payer, secret }),
  )
})

test('site and payer make one key, and come out of it again', () => {
  const request = { fields: fieldsOf('You sort mail.') }
  const key = siteKeyOf({ request, payer, secret })
  expect(splitSiteKey(key)).toEqual({
    site: callSiteOf({ request, secret }),
    payer: payerKeyOf({ payer, secret }),
  })
  expect(splitSiteKey(siteKeyOf({ request, secret })).payer).toBe('')
  expect(joinSiteKey({ site: 'a', payer: 'b' })).toBe('a~b')
})
