import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { decodePayment } from '../../../src/payment/check/payload.ts'
import { APPROVAL_SPONSORING } from '../../../src/payment/check/sponsored-approval.ts'
import { decodePermitClaim, PERMIT_SPONSORING } from '../../../src/payment/check/sponsored-permit.ts'

type Wire = Record<string, unknown> & { accepted: { scheme: string } }
const FILE = new URL('../../fixtures/x402/vectors.json', import.meta.url)
const { payments } = JSON.parse(readFileSync(FILE, 'utf8')) as { payments: { value: string }[] }
const wires = payments.map(({ value }) => JSON.parse(Buffer.from(value, 'base64').toString()) as Wire)
const upto = wires.find(({ accepted }) => accepted.scheme === 'upto')
const exact = wires.find(({ accepted }) => accepted.scheme === 'exact')

const decode = (wire: Wire | undefined, extensions: unknown) =>
  decodePayment({
    paymentSignature: [Buffer.from(JSON.stringify({ ...wire, extensions })).toString('base64')],
  })

const PERMIT = {
  from: `0x${'11'.repeat(20)}`,
  asset: `0x${'22'.repeat(20)}`,
  spender: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
  amount: '10000',
  nonce: '0',
  deadline: '1800000000',
  signature: `0x${'33'.repeat(65)}`,
  version: '1',
}

/** What comes back is the caller's; what the server announced is in its own terms, not in the echo. */
const ODD: readonly unknown[] = [
  null,
  'text',
  7,
  [],
  { unknown: { info: { kept: true } } },
  { [PERMIT_SPONSORING]: null },
  { [PERMIT_SPONSORING]: { info: 'text' } },
  { [PERMIT_SPONSORING]: { info: { description: 'another one', version: '9' }, schema: 7 } },
  { 'payment-identifier': { info: { required: true } } },
  { turnpike: 'text' },
]

test('extensions that were not announced, or come back changed, change nothing of a payment', () => {
  expect(upto).toBeDefined()
  const plain = decode(upto, undefined)
  for (const extensions of ODD) expect([extensions, decode(upto, extensions)]).toEqual([extensions, plain])
})

test('a permit or an approval is read beside a payment through Permit2, and beside no other', () => {
  const { nonce: _nonce, deadline: _deadline, signature: _signature, ...parties } = PERMIT
  const approval = { ...parties, signedTransaction: '0x02f8' }
  const extensions = {
    [PERMIT_SPONSORING]: { info: PERMIT },
    [APPROVAL_SPONSORING]: { info: approval },
  }
  expect(decode(upto, extensions)).toMatchObject({
    sponsoring: {
      permit: { amountAtomic: 10_000n, nonce: 0n },
      approval: { amount: 10_000n, raw: '0x02f8' },
    },
  })
  expect(decode(exact, extensions)).not.toHaveProperty('sponsoring')
})

test.each(Object.keys(PERMIT).filter((name) => name !== 'version'))(
  'a permit whose %s has the wrong form is malformed, by name',
  (name) => {
    for (const value of [null, {}, [], -1, 'x'.repeat(10_000)]) {
      const claim = () => decodePermitClaim({ ...PERMIT, [name]: value })
      expect(claim).toThrow(TurnpikeError)
      expect(claim).toThrow(expect.objectContaining({ code: 'payment_malformed' }))
    }
  },
)
