import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { decodePayment } from '../../../src/payment/check/payload.ts'
import { paymentKey } from '../../../src/payment/check/payment-key.ts'
import { check, encode, pay, payV1, USDC, USDT } from './stock-client.ts'

type Json = Record<string, unknown>

const OPEN = { balance: 1_000_000n, totalClaimed: 0n }
const payments: Record<string, Json> = {}

beforeAll(async () => {
  payments['voucher'] = await pay({ scheme: 'batch-settlement', asset: USDC, channel: OPEN })
  payments['deposit'] = await pay({ scheme: 'batch-settlement', asset: USDC })
  payments['permit2Deposit'] = await pay({ scheme: 'batch-settlement', asset: USDT })
  payments['upto'] = await pay({ scheme: 'upto', asset: USDC })
  payments['exact'] = await pay({ scheme: 'exact', asset: USDC })
  payments['permit2Exact'] = await pay({ scheme: 'exact', asset: USDT })
  payments['v1'] = await payV1()
})

const of = (name: string): Json => structuredClone(payments[name] ?? {})
const codeOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error
    return error.details.param === undefined ? error.code : `${error.code} ${error.details.param}`
  }
  return undefined
}
const decode = (header: string) => decodePayment({ paymentSignature: header })
const decodeJson = (payment: Json) =>
  payment['x402Version'] === 1 ? decodePayment({ xPayment: encode(payment) }) : decode(encode(payment))

/** Sets one field of a deep copy; undefined removes it. */
function withField(payment: Json, path: string, value: unknown): Json {
  const copy = structuredClone(payment)
  const names = path.split('.')
  const last = names.pop() ?? ''
  let at = copy
  for (const name of names) at = at[name] as Json
  if (value === undefined) delete at[last]
  else at[last] = value
  return copy
}

/** Every path of a JSON object that ends in a value. */
const leaves = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key))
    : [path]

test('no header is no payment', () => {
  expect(decodePayment({})).toBeUndefined()
  expect(decodePayment({ paymentSignature: undefined, xPayment: undefined })).toBeUndefined()
})

test('two payment headers are refused, however they arrive', () => {
  const header = encode(of('voucher'))
  const v1 = encode(of('v1'))
  expect(codeOf(() => decodePayment({ paymentSignature: header, xPayment: v1 }))).toBe(
    'payment_header_duplicate',
  )
  expect(codeOf(() => decodePayment({ paymentSignature: [header, header] }))).toBe('payment_header_duplicate')
  expect(codeOf(() => decode(`${header}, ${header}`))).toBe('payment_header_duplicate')
  expect(decodePayment({ paymentSignature: [header] })).toEqual(decode(header))
})

test('a header is taken up to 8 KiB of JSON and not beyond', () => {
  const padded = (bytes: number) => {
    const json = JSON.stringify({ ...of('voucher'), pad: '' })
    return Buffer.from(JSON.stringify({ ...of('voucher'), pad: 'x'.repeat(bytes - json.length) })).toString(
      'base64',
    )
  }
  expect(decode(padded(8192))).toBeDefined()
  expect(codeOf(() => decode(padded(8193)))).toBe('payment_header_too_large')
  expect(codeOf(() => decode('A'.repeat(1_000_000)))).toBe('payment_header_too_large')
})

test('base64 is strict: junk, other alphabets, missing padding and a second spelling are refused', () => {
  const header = encode({ ...of('voucher'), pad: '?>' })
  const bare = header.replace(/=+$/, '')
  const spellings = [
    '',
    ' ',
    `!!##${header}`,
    `${header}\n`,
    ` ${header}`,
    `${header.slice(0, 9)} ${header.slice(9)}`,
    `${header}====`,
    Buffer.from(header, 'base64')
      .toString('base64url')
      .replace(/[^_-]*$/, '_'),
    Buffer.from(header, 'base64').toString('hex'),
    ...(bare === header ? [] : [bare]),
  ]
  for (const text of spellings) expect(codeOf(() => decode(text))).toBe('payment_undecodable')
  // The last letter before the padding has bits that mean nothing.
  const loose = Buffer.from('{}x').toString('base64')
  expect(codeOf(() => decode(`${loose.slice(0, -4)}eB==`))).toBe('payment_undecodable')
})

test('what is not the JSON of an object is refused', () => {
  for (const text of ['', '{', 'nul', '"x"\u0000']) {
    expect(codeOf(() => decode(Buffer.from(`${text} `).toString('base64')))).toBe('payment_undecodable')
  }
  expect(codeOf(() => decode(Buffer.from([0x22, 0xff, 0x22]).toString('base64')))).toBe('payment_undecodable')
  for (const value of [null, 1, 'x', [], true]) {
    expect(codeOf(() => decode(encode(value)))).toBe('payment_malformed payment')
  }
})

test('JSON may nest 16 deep, brackets in strings not counted', () => {
  const nested = (depth: number) => {
    const pad: unknown = JSON.parse('['.repeat(depth - 1) + ']'.repeat(depth - 1))
    return { ...of('voucher'), pad, text: '[[[[[[[[[[[[[[[[[[[[ \\" {{{{' }
  }
  expect(decodeJson(nested(16))).toBeDefined()
  expect(codeOf(() => decodeJson(nested(17)))).toBe('payment_undecodable')
})

test('versions, schemes, networks and kinds that this server does not speak are unsupported', () => {
  const voucher = of('voucher')
  expect(codeOf(() => decodeJson({ ...voucher, x402Version: 3 }))).toBe('payment_unsupported x402Version')
  expect(codeOf(() => decode(encode(of('v1'))))).toBe('payment_unsupported x402Version')
  expect(codeOf(() => decodePayment({ xPayment: encode(voucher) }))).toBe('payment_unsupported x402Version')
  const cases: [string, unknown][] = [
    ['accepted.scheme', 'auth-capture'],
    ['accepted.network', 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'],
    ['accepted.network', 'base-sepolia'],
    ['payload.type', 'claim'],
  ]
  for (const [path, value] of cases) {
    expect(codeOf(() => decodeJson(withField(voucher, path, value)))).toBe(`payment_unsupported ${path}`)
  }
  expect(codeOf(() => decodeJson({ ...of('v1'), scheme: 'upto' }))).toBe('payment_unsupported scheme')
  expect(codeOf(() => decodeJson({ ...of('v1'), network: 'solana' }))).toBe('payment_unsupported network')
})

const BAD_NUMBERS = [
  '',
  ' 5 ',
  '0x10',
  '-1',
  '1e30',
  '007',
  '1.5',
  '٣',
  '1_000',
  '9'.repeat(90),
  5,
  null,
  {},
  undefined,
]

test.each([
  ['voucher', 'accepted.amount'],
  ['voucher', 'payload.voucher.maxClaimableAmount'],
  ['deposit', 'payload.deposit.amount'],
  ['deposit', 'payload.deposit.authorization.erc3009Authorization.validBefore'],
  ['permit2Deposit', 'payload.deposit.authorization.permit2Authorization.nonce'],
  ['permit2Deposit', 'payload.deposit.authorization.permit2Authorization.deadline'],
  ['upto', 'payload.permit2Authorization.permitted.amount'],
  ['upto', 'payload.permit2Authorization.nonce'],
  ['upto', 'payload.permit2Authorization.witness.validAfter'],
  ['exact', 'payload.authorization.value'],
  ['exact', 'payload.authorization.validAfter'],
  ['v1', 'payload.authorization.validBefore'],
])('of a %s, %s takes canonical decimals only', (name, path) => {
  for (const bad of BAD_NUMBERS) {
    expect(codeOf(() => decodeJson(withField(of(name), path, bad)))).toBe(`payment_malformed ${path}`)
  }
})

test('a nonce of Permit2 has at most 256 bits, an amount at most 128', () => {
  const nonce = 'payload.permit2Authorization.nonce'
  const most = (1n << 256n) - 1n
  expect(decodeJson(withField(of('upto'), nonce, `${most}`))).toMatchObject({ payload: { nonce: most } })
  expect(codeOf(() => decodeJson(withField(of('upto'), nonce, `${most + 1n}`)))).toBe(
    `payment_malformed ${nonce}`,
  )
  const max = 'payload.voucher.maxClaimableAmount'
  expect(codeOf(() => decodeJson(withField(of('voucher'), max, `${1n << 128n}`)))).toBe(
    `payment_malformed ${max}`,
  )
})

test('an empty deposit and an empty refund are refused', () => {
  const amount = withField(of('deposit'), 'payload.deposit.amount', '0')
  expect(codeOf(() => decodeJson(amount))).toBe('payment_malformed payload.deposit.amount')
  const refund = withField(withField(of('voucher'), 'payload.type', 'refund'), 'payload.amount', '0')
  expect(codeOf(() => decodeJson(refund))).toBe('payment_malformed payload.amount')
})

/** Fields that no check needs: echoes of what the server said, and what concerns other readers. */
const FREE = /^(resource|extensions|accepted\.extra)\b/

test.each(['voucher', 'deposit', 'permit2Deposit', 'upto', 'exact', 'permit2Exact', 'v1'])(
  'every field of a %s must be there and of its kind',
  (name) => {
    for (const path of leaves(of(name)).filter((leaf) => !FREE.test(leaf))) {
      for (const bad of [undefined, null, true, [], '☃', 1.5]) {
        expect(codeOf(() => decodeJson(withField(of(name), path, bad)))).toMatch(
          /^payment_(malformed|unsupported) /,
        )
      }
    }
  },
)

test('signatures of contract wallets and compact ones are refused by name', () => {
  const path = 'payload.voucher.signature'
  for (const bytes of [0, 64, 66, 600]) {
    const changed = withField(of('voucher'), path, `0x${'11'.repeat(bytes)}`)
    expect(codeOf(() => decodeJson(changed))).toBe(`payment_malformed ${path}`)
  }
})

test('v of 0 or 1 becomes the 27 or 28 that contracts demand', () => {
  const voucher = of('voucher')
  const { signature } = (voucher['payload'] as { voucher: { signature: string } }).voucher
  const bare = `${signature.slice(0, 130)}${signature.endsWith('1b') ? '00' : '01'}`
  expect(decodeJson(withField(voucher, 'payload.voucher.signature', bare))).toEqual(decodeJson(voucher))
})

test('fuzzed headers throw nothing but errors of ours', () => {
  const names = Object.keys(payments)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.boolean(), (text, isV1) => {
      codeOf(() => decodePayment(isV1 ? { xPayment: text } : { paymentSignature: text }))
      codeOf(() => decode(Buffer.from(text).toString('base64')))
    }),
  )
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
      codeOf(() => decode(encode(value)))
      codeOf(() => decodePayment({ xPayment: encode(value) }))
    }),
  )
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.nat(), fc.jsonValue(), (name, index, value) => {
      const paths = leaves(of(name))
      const path = paths[index % paths.length] ?? ''
      codeOf(() => {
        const payment = withField(of(name), path, value)
        if (decodeJson(payment)) check({ payment })
      })
    }),
    { numRuns: 300 },
  )
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.nat(), fc.nat({ max: 255 }), (name, index, byte) => {
      const bytes = Buffer.from(JSON.stringify(of(name)))
      bytes[index % bytes.length] = byte
      codeOf(() => decode(bytes.toString('base64')))
    }),
    { numRuns: 300 },
  )
})

/** Spells the same JSON value differently: key order, white space, escapes, repeated keys, hex in another case. */
function respell(value: unknown, pick: () => number): string {
  const space = () => ['', ' ', '\n', '\t '][pick() % 4] ?? ''
  if (Array.isArray(value)) return `[${value.map((inner) => respell(inner, pick)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => {
      const repeated = pick() % 4 === 0 ? `${JSON.stringify(key)}:"junk",` : ''
      return `${space()}${repeated}${escaped(key, pick)}${space()}:${space()}${respell(inner, pick)}`
    })
    const at = pick() % (entries.length || 1)
    return `{${[...entries.slice(at), ...entries.slice(0, at)].join(',')}${space()}}`
  }
  if (typeof value !== 'string') return JSON.stringify(value)
  if (!/^0x[0-9a-fA-F]+$/.test(value)) return escaped(value, pick)
  const digits = value.slice(2)
  return escaped(`0x${pick() % 2 ? digits.toUpperCase() : digits.toLowerCase()}`, pick)
}

const escaped = (text: string, pick: () => number) =>
  `"${text
    .split('')
    .map((c) =>
      pick() % 9 === 0
        ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
        : JSON.stringify(c).slice(1, -1),
    )
    .join('')}"`

test('all spellings of one payment are one payment', () => {
  const names = ['voucher', 'deposit', 'permit2Deposit', 'upto', 'exact', 'permit2Exact', 'v1']
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.infiniteStream(fc.nat({ max: 1_000 })), (name, stream) => {
      const pick = () => stream.next().value ?? 0
      const text = respell(of(name), pick)
      fc.pre(text.length <= 8_192)
      const header = Buffer.from(text).toString('base64')
      const payment = JSON.parse(text) as Json
      const spelled = name === 'v1' ? decodePayment({ xPayment: header }) : decode(header)
      expect(spelled).toEqual(decodeJson(payment))
      const [original, again] = [check({ payment: of(name) }), check({ payment })]
      if (original.kind === 'refund' || again.kind === 'refund')
        throw new Error('a refund has no payment key')
      expect(paymentKey(again)).toEqual(paymentKey(original))
    }),
    { numRuns: 150 },
  )
})
