import { expect, test } from 'vitest'
import { createSeal } from '../../../src/webhooks/seal.ts'

const seal = createSeal({ serverSecret: 'a secret of a server, 32 characters' })
const SECRET = 'whsec_c2VjcmV0'
const open = (sealed: string, webhookId = 'w1', nowMs = 0) => seal.open({ webhookId, sealed, nowMs })

test('a sealed secret comes back under the same key and for the same subscription alone', () => {
  const sealed = seal.close({ webhookId: 'w1', secret: SECRET })
  expect(open(sealed)).toBe(SECRET)
  expect(open(sealed, 'w2')).toBeUndefined()
  const other = createSeal({ serverSecret: 'another secret, also of 32 characters' })
  expect(other.open({ webhookId: 'w1', sealed, nowMs: 0 })).toBeUndefined()
  expect(sealed).not.toContain(Buffer.from(SECRET).toString('base64url'))
  expect(seal.close({ webhookId: 'w1', secret: SECRET })).not.toBe(sealed)
})

test('whatever is changed of it, nothing comes out', () => {
  const sealed = seal.close({ webhookId: 'w1', secret: SECRET, untilMs: 1_000 })
  expect(open(sealed, 'w1', 999)).toBe(SECRET)
  expect(open(sealed, 'w1', 1_000)).toBeUndefined()
  expect(open(sealed.replace('.1000.', '.9000.'))).toBeUndefined()
  expect(open(sealed.replace('.1000.', '..'))).toBeUndefined()
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'E' : 'A'}${sealed.slice(at + 1)}`
    expect([undefined, SECRET]).toContain(open(changed))
    // The last character of base64 may carry bits that say nothing; all others count.
    if (at < sealed.length - 1 && sealed[at + 1] !== '.') expect(open(changed)).toBeUndefined()
  }
  for (const nothing of ['', 's1', 's1...', 'sealed']) expect(open(nothing)).toBeUndefined()
})
