import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { countDuring, newPayment, useAttackedStack } from '../../support/attacked-stack.ts'
import { post, readAnswer, readError } from '../../support/chat.ts'
import type { WirePayment } from '../../support/stock-payer.ts'

const stack = useAttackedStack()

/** Ways to write one payment that any reader of JSON would read alike, or that no reader should take. */
type Spelling = {
  readonly order: 'as signed' | 'reversed'
  readonly hex: 'as signed' | 'upper' | 'checksum-like'
  readonly space: '' | ' ' | '\n\t'
  readonly extra: 'none' | 'field' | 'resource' | 'repeated key'
  readonly escapes: boolean
  readonly base64: 'plain' | 'unpadded' | 'url' | 'junk' | 'line breaks'
}

const spelling: fc.Arbitrary<Spelling> = fc.record({
  order: fc.constantFrom('as signed', 'reversed'),
  hex: fc.constantFrom('as signed', 'upper', 'checksum-like'),
  space: fc.constantFrom('', ' ', '\n\t'),
  extra: fc.constantFrom('none', 'field', 'resource', 'repeated key'),
  escapes: fc.boolean(),
  // Mostly plain: what is not is refused before the rest is looked at.
  base64: fc.constantFrom('plain', 'plain', 'plain', 'unpadded', 'url', 'junk', 'line breaks'),
})

/** Every object of a JSON value, changed. */
function mapJson(value: unknown, change: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => mapJson(inner, change))
  if (typeof value !== 'object' || value === null) return change(value)
  return change(
    Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapJson(inner, change)])),
  )
}

const isHex = (value: unknown): value is string => typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value)

function caseOf(hex: Spelling['hex']) {
  return (value: unknown): unknown => {
    if (!isHex(value) || hex === 'as signed') return value
    const digits = value.slice(2)
    if (hex === 'upper') return `0x${digits.toUpperCase()}`
    return `0x${digits.replaceAll(/(.)(.?)/g, (_, odd: string, even: string) => odd.toUpperCase() + even)}`
  }
}

const reversed = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toReversed())
    : value

function spell(payment: WirePayment, { order, hex, space, extra, escapes, base64 }: Spelling): string {
  let value: unknown = { ...payment, payload: mapJson(payment.payload, caseOf(hex)) }
  if (order === 'reversed') value = mapJson(value, reversed)
  if (extra === 'field') value = { ...(value as object), unknown: ['field'] }
  if (extra === 'resource') value = { ...(value as object), resource: { url: 'http://elsewhere.example/' } }
  let json = JSON.stringify(value, undefined, space)
  if (extra === 'repeated key') json = `{"payload":{"signature":"0x00"},${json.slice(1)}`
  if (escapes) json = json.replaceAll('"payload"', '"\\u0070ayload"')
  const text = Buffer.from(json).toString('base64')
  if (base64 === 'unpadded') return text.replace(/=+$/, '')
  if (base64 === 'url') return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  if (base64 === 'junk') return `${text.slice(0, 8)}!!##${text.slice(8)}`
  if (base64 === 'line breaks') return `${text.slice(0, 76)} ${text.slice(76)}`
  return text
}

const send = (body: string, header: string) =>
  fetch(stack().chatUrl, post(body, { 'payment-signature': header }))

test.each(['batch-settlement', 'upto', 'exact'] as const)(
  'a %s payment is the same payment however it is spelled',
  async (scheme) => {
    const { body, payment } = await newPayment({ stack: stack(), scheme })
    const spellings = fc.sample(spelling, { numRuns: 12, seed: 4 }).map((one) => spell(payment, one))
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: () => Promise.all(spellings.map((header) => send(body, header))),
    })
    const served = value.filter(({ status }) => status === 200)
    expect(served).toHaveLength(1)
    expect(upstreamCalls).toBe(1)
    expect(value.map(({ status }) => status).filter((status) => ![200, 400, 409].includes(status))).toEqual(
      [],
    )
    const first = await readAnswer(served[0] as Response)
    expect(charged).toBe(BigInt(first.turnpike.charge))

    const property = fc.asyncProperty(spelling, async (one) => {
      const again = await send(body, spell(payment, one))
      const error = await readError(again)
      if (one.base64 === 'junk' || one.base64 === 'line breaks') {
        expect({ status: again.status, code: error.code }).toEqual({
          status: 400,
          code: 'payment_undecodable',
        })
      } else if (again.status === 409) {
        expect(error).toMatchObject({ code: 'payment_already_used', call_id: first.callId })
      } else expect(again.status).toBe(400)
    })
    const again = await countDuring({ stack: stack(), attack: () => fc.assert(property, { numRuns: 40 }) })
    expect(again.upstreamCalls).toBe(0)
    expect(again.charged).toBe(0n)
  },
)
