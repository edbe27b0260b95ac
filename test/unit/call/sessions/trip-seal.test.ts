import { expect, test } from 'vitest'
import { createTripSeal } from '../../../../src/call/sessions/trip-seal.ts'
import { LIMITS } from '../../../../src/lib/limits.ts'

const TRIP = { redirectUri: 'https://a.example/cb', state: 's', nonce: 'n', verifier: 'v', returnTo: '/' }
let nowMs = 1_000
const clock = { nowMs: () => nowMs, random: (byteCount: number) => new Uint8Array(byteCount).fill(7) }
const seal = createTripSeal({ secret: 'a secret of the server', clock })

test('a trip is read by who has sealed it, for a while', () => {
  const sealed = seal.close(TRIP)
  expect(seal.open(sealed)).toEqual(TRIP)
  expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('example')
  nowMs += LIMITS.providerTripMs
  expect(seal.open(sealed)).toBeUndefined()
})

test('what was changed, cut or sealed by another opens nothing', () => {
  const sealed = seal.close(TRIP)
  const bytes = Buffer.from(sealed, 'base64url')
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(seal.open(changed.toString('base64url'))).toBeUndefined()
  }
  for (const text of ['', 'x', sealed.slice(0, -4), sealed.slice(0, 30)])
    expect(seal.open(text)).toBeUndefined()
  expect(createTripSeal({ secret: 'another secret', clock }).open(sealed)).toBeUndefined()
})
