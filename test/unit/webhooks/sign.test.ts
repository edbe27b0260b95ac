import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { readOperatorKey } from '../../../src/webhooks/operator-key.ts'
import { secretText, signHeaders } from '../../../src/webhooks/sign.ts'

const ID = 'evt_abc-DEF_1'
const BODY = JSON.stringify({ type: 'key.created', timestamp: '2027-01-15T08:00:00.000Z', data: { a: 'é' } })
const nowSeconds = () => Math.floor(Date.now() / 1_000)
const newSecret = () => secretText(randomBytes(32))

test('the published verifier takes the signature, and no other body, id or time', () => {
  const secret = newSecret()
  const headers = signHeaders({ id: ID, timestampSeconds: nowSeconds(), body: BODY, secrets: [secret] })
  const verifier = new Webhook(secret)
  expect(verifier.verify(BODY, headers)).toEqual(JSON.parse(BODY))
  expect(() => verifier.verify(`${BODY} `, headers)).toThrow()
  expect(() => verifier.verify(BODY, { ...headers, 'webhook-id': 'evt_2' })).toThrow()
  expect(() => new Webhook(newSecret()).verify(BODY, headers)).toThrow()
  const old = signHeaders({ id: ID, timestampSeconds: nowSeconds() - 600, body: BODY, secrets: [secret] })
  expect(() => verifier.verify(BODY, old)).toThrow()
})

test('while a secret takes the other’s place each of the two verifies, the new one first', () => {
  const [fresh, earlier] = [newSecret(), newSecret()]
  const headers = signHeaders({
    id: ID,
    timestampSeconds: nowSeconds(),
    body: BODY,
    secrets: [fresh, earlier],
  })
  for (const secret of [fresh, earlier]) new Webhook(secret).verify(BODY, headers)
  const alone = signHeaders({ id: ID, timestampSeconds: nowSeconds(), body: BODY, secrets: [fresh] })
  expect(headers['webhook-signature'].startsWith(`${alone['webhook-signature']} v1,`)).toBe(true)
})

/** RFC 8032, section 7.1, test 1. */
const SEED = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
const PUBLIC = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex')
const keyText = (bytes: Uint8Array) => `whsk_${Buffer.from(bytes).toString('base64')}`

test('the operator’s key signs beside the secrets, and its public half verifies', () => {
  for (const text of [keyText(SEED), keyText(Buffer.concat([SEED, PUBLIC]))]) {
    const { privateKey, publicKey } = readOperatorKey(text)
    expect(publicKey).toMatchObject({
      kty: 'OKP',
      crv: 'Ed25519',
      x: PUBLIC.toString('base64url'),
      whpk: `whpk_${PUBLIC.toString('base64')}`,
    })
    const secret = newSecret()
    const timestampSeconds = nowSeconds()
    const headers = signHeaders({ id: ID, timestampSeconds, body: BODY, secrets: [secret], key: privateKey })
    new Webhook(secret).verify(BODY, headers)
    const signature = headers['webhook-signature'].split(' ').find((one) => one.startsWith('v1a,')) ?? ''
    const signed = Buffer.from(`${ID}.${timestampSeconds}.${BODY}`)
    const { kty, crv, x } = publicKey
    const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' })
    expect(verify(null, signed, key, Buffer.from(signature.slice(4), 'base64'))).toBe(true)
  }
})

test('what is no ed25519 key is refused without being repeated', () => {
  const wrong = [keyText(SEED.subarray(1)), keyText(Buffer.concat([SEED, SEED]))]
  for (const text of wrong)
    expect(() => readOperatorKey(text)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(text) }),
    )
})
