import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { displayPrefix, isOurKey, newKeyText, parseKey } from '../../../src/governance/keys/api-key.ts'
import { keyState, requireUsableKey } from '../../../src/governance/keys/check-key.ts'
import { hashSecret, isSecretOf } from '../../../src/governance/keys/hash-secret.ts'
import {
  kindAllows,
  keyMayDo,
  missingForKey,
  requireKeyPermission,
} from '../../../src/governance/keys/key-kinds.ts'
import { rotateKey } from '../../../src/governance/keys/rotate-key.ts'
import type { ApiKey } from '../../../src/governance/keys/types.ts'
import type { Grant } from '../../../src/governance/roles/may-do.ts'
import { PERMISSION_NAMES } from '../../../src/governance/roles/permissions.ts'
import { ROLES } from '../../../src/governance/roles/roles.ts'
import { errorOf } from './records.ts'

const PEPPER = 'p'.repeat(32)
const NOW_MS = 1_000_000_000
const made = newKeyText({ isTest: false, random: Uint8Array.from({ length: 40 }, (_, index) => index * 7) })

const keyOf = (changes: Partial<ApiKey> = {}): ApiKey => ({
  id: made.id,
  organizationId: 'acme',
  principalId: 'ann',
  name: 'laptop',
  kind: 'inference',
  isTest: false,
  secretHash: hashSecret({ secret: made.secret, pepper: PEPPER }),
  pepperVersion: 1,
  scopes: null,
  createdAtMs: NOW_MS - 1_000,
  version: 1,
  ...changes,
})

const use = (changes: Partial<Parameters<typeof requireUsableKey>[0]> = {}) =>
  requireUsableKey({
    parsed: parseKey(made.text),
    key: keyOf(),
    peppers: new Map([[1, PEPPER]]),
    isTestServer: false,
    nowMs: NOW_MS,
    ...changes,
  })

test('a key is read as it was made', () => {
  expect(made.text).toMatch(/^tp_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/)
  expect(parseKey(made.text)).toEqual({ isTest: false, id: made.id, secret: made.secret })
  const test = newKeyText({ isTest: true, random: randomBytes(40) })
  expect(parseKey(test.text)).toEqual({ isTest: true, id: test.id, secret: test.secret })
  expect(displayPrefix(test)).toBe(`tp_test_${test.id}`)
  expect(made.text.startsWith(displayPrefix(made))).toBe(true)
  expect(() => newKeyText({ isTest: true, random: randomBytes(39) })).toThrow(RangeError)
})

test('256 bits go into 43 characters and none are lost', () => {
  const full = newKeyText({ isTest: false, random: new Uint8Array(40).fill(255) })
  const value = Array.from(full.secret).reduce((sum, digit) => {
    const place = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.indexOf(digit)
    return sum * 62n + BigInt(place)
  }, 0n)
  expect(value).toBe((1n << 256n) - 1n)
})

test('a wrong letter anywhere is seen without a look at the database', () => {
  for (let index = 0; index < made.text.length; index += 1) {
    const other = made.text[index] === 'x' ? 'y' : 'x'
    expect(parseKey(`${made.text.slice(0, index)}${other}${made.text.slice(index + 1)}`)).toBeUndefined()
  }
  for (const text of ['', made.text.slice(1), `${made.text} `, `${made.text}0`, made.text.slice(0, -1)])
    expect(parseKey(text)).toBeUndefined()
})

test('what SDKs send anyway is no key of ours', () => {
  expect(['sk-abc', 'tp_', 'tp_other_x', 'unused'].filter(isOurKey)).toEqual([])
  expect(['tp_live_', 'tp_test_broken'].filter(isOurKey)).toHaveLength(2)
})

test('the stored hash is keyed, and knows its secret alone', () => {
  const secretHash = hashSecret({ secret: made.secret, pepper: PEPPER })
  expect(secretHash).not.toContain(made.secret)
  expect(hashSecret({ secret: made.secret, pepper: 'q'.repeat(32) })).not.toBe(secretHash)
  expect(isSecretOf({ secret: made.secret, secretHash, pepper: PEPPER })).toBe(true)
  expect(isSecretOf({ secret: `${made.secret}x`, secretHash, pepper: PEPPER })).toBe(false)
  expect(isSecretOf({ secret: made.secret, secretHash: 'short', pepper: PEPPER })).toBe(false)
})

test('a good key is let in; what is wrong with one is told to who has its secret', () => {
  expect(use()).toEqual(keyOf())
  const code = (changes: Parameters<typeof use>[0]) => errorOf(() => use(changes)).code
  expect(code({ parsed: undefined })).toBe('key_invalid')
  expect(code({ key: undefined })).toBe('key_invalid')
  expect(code({ peppers: new Map() })).toBe('key_invalid')
  expect(code({ key: keyOf({ revokedAtMs: 1 }) })).toBe('key_revoked')
  expect(code({ key: keyOf({ expiresAtMs: NOW_MS }) })).toBe('key_expired')
  expect(code({ key: keyOf({ expiresAtMs: NOW_MS, revokedAtMs: 1 }) })).toBe('key_revoked')
  expect(code({ isTestServer: true })).toBe('key_wrong_environment')
  // The same secret under the other prefix, with a checksum that is right for it.
  expect(code({ parsed: { isTest: true, id: made.id, secret: made.secret } })).toBe('key_invalid')
  const stranger = { isTest: false, id: made.id, secret: 'a'.repeat(43) }
  expect(code({ parsed: stranger, key: keyOf({ revokedAtMs: 1 }) })).toBe('key_invalid')
  expect(keyState({ key: keyOf({ expiresAtMs: NOW_MS + 1 }), nowMs: NOW_MS })).toBe('active')
})

test('a rotated key and its successor are both good until the overlap ends', () => {
  const fresh = { id: 'newnewne', secretHash: 'h', pepperVersion: 2 }
  const { old, next } = rotateKey({
    key: keyOf({ expiresAtMs: NOW_MS + 9_000 }),
    fresh,
    nowMs: NOW_MS,
    overlapMs: 500,
  })
  expect(old).toEqual(keyOf({ expiresAtMs: NOW_MS + 500, version: 2 }))
  expect(next).toEqual(
    keyOf({
      ...fresh,
      createdAtMs: NOW_MS,
      expiresAtMs: NOW_MS + 10_000,
      rotatedFromId: made.id,
    }),
  )
  expect(rotateKey({ key: keyOf({ expiresAtMs: NOW_MS + 9 }), fresh, nowMs: NOW_MS }).old.expiresAtMs).toBe(
    NOW_MS + 9,
  )
  expect(rotateKey({ key: keyOf(), fresh, nowMs: NOW_MS }).next).not.toHaveProperty('expiresAtMs')
  const code = (changes: Partial<ApiKey>, overlapMs = 0) =>
    errorOf(() => rotateKey({ key: keyOf(changes), fresh, nowMs: NOW_MS, overlapMs })).code
  expect(code({ revokedAtMs: 1 })).toBe('key_revoked')
  expect(code({ expiresAtMs: 1 })).toBe('key_expired')
  expect(code({}, -1)).toBe('invalid_governance_value')
  expect(code({}, 31 * 86_400_000)).toBe('invalid_governance_value')
})

const owner: readonly Grant[] = [{ unitPath: ['acme'], permissions: ROLES.owner.permissions }]
const developer: readonly Grant[] = [
  { unitPath: ['acme', 'sales'], permissions: ROLES.developer.permissions },
]
const admin: readonly Grant[] = [{ unitPath: ['acme', 'sales'], permissions: ROLES.admin.permissions }]

test('no key both calls models and manages, whoever it belongs to', () => {
  const unitPath = ['acme']
  const may = (kind: ApiKey['kind']) =>
    PERMISSION_NAMES.filter((permission) =>
      keyMayDo({ key: keyOf({ kind }), grants: owner, permission, unitPath }),
    )
  expect(may('management')).not.toContain('models:call')
  expect(may('inference')).toContain('models:call')
  const changing = may('inference').filter((name) => !name.endsWith(':read'))
  expect(changing.toSorted()).toEqual(['credit:top-up', 'models:call', 'runs:write', 'vouchers:create'])
  const asked = { grants: owner, unitPath } as const
  const calling = { ...asked, key: keyOf({ kind: 'management' }), permission: 'models:call' } as const
  expect(errorOf(() => requireKeyPermission(calling)).code).toBe('key_kind_mismatch')
  const managing = { ...asked, key: keyOf(), permission: 'keys:create' } as const
  expect(errorOf(() => requireKeyPermission(managing)).code).toBe('key_kind_mismatch')
  for (const permission of PERMISSION_NAMES)
    expect(
      ['inference', 'management'].some((kind) => kindAllows({ kind: kind as 'inference', permission })),
    ).toBe(true)
})

test('a key does no more than its scopes, and no more than its principal', () => {
  const asked = { grants: developer, unitPath: ['acme', 'sales'], isOwn: true } as const
  expect(keyMayDo({ ...asked, key: keyOf(), permission: 'models:call' })).toBe(true)
  const narrow = keyOf({ scopes: ['usage:read'] })
  expect(keyMayDo({ ...asked, key: narrow, permission: 'usage:read' })).toBe(true)
  expect(errorOf(() => requireKeyPermission({ ...asked, key: narrow, permission: 'models:call' })).code).toBe(
    'permission_denied',
  )
  expect(keyMayDo({ ...asked, key: keyOf(), permission: 'credit:top-up' })).toBe(false)
})

test('nobody gets at rights that are not theirs by making or rotating a key of somebody else', () => {
  const forOwner = { kind: 'management', scopes: null, principalGrants: owner } as const
  expect(missingForKey(forOwner)).toEqual([])
  expect(missingForKey({ ...forOwner, makerGrants: owner })).toEqual([])
  expect(missingForKey({ ...forOwner, makerGrants: admin })).toContain('organizations:archive')
  expect(missingForKey({ ...forOwner, scopes: ['usage:read'], makerGrants: admin })).toEqual(['usage:read'])
  const forDeveloper = { kind: 'inference', scopes: null, principalGrants: developer } as const
  expect(missingForKey({ ...forDeveloper, makerGrants: admin })).toEqual([])
  expect(missingForKey({ ...forDeveloper, makerGrants: developer })).toContain('models:call')
  expect(missingForKey({ ...forDeveloper, scopes: ['keys:create'] })).toEqual(['keys:create'])
})
