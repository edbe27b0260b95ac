import { expect, test } from 'vitest'
import { createPasswords, requireGoodPassword } from '../../../../src/call/credentials/passwords.ts'
import { LIMITS } from '../../../../src/lib/limits.ts'

let salts = 0
const random = (byteCount: number) => new Uint8Array(byteCount).fill((salts += 1))
const CHEAP = { log2N: 4, r: 8, p: 1 }
const passwords = createPasswords({ random, cost: CHEAP })
const PASSWORD = 'correct horse battery'

test('a password is known again, and no other one', async () => {
  const passwordHash = await passwords.hash(PASSWORD)
  expect(passwordHash).toMatch(/^scrypt\$4\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
  expect(await passwords.isOf({ password: PASSWORD, passwordHash })).toBe(true)
  expect(await passwords.isOf({ password: `${PASSWORD} `, passwordHash })).toBe(false)
  expect(await passwords.hash(PASSWORD)).not.toBe(passwordHash)
})

test('a hash of other parameters stays good', async () => {
  const dearer = createPasswords({ random, cost: { log2N: 5, r: 4, p: 2 } })
  const passwordHash = await dearer.hash(PASSWORD)
  expect(await passwords.isOf({ password: PASSWORD, passwordHash })).toBe(true)
})

test('without a login the same work is done, and nothing is right', async () => {
  const dear = createPasswords({ random, cost: { log2N: 14, r: 8, p: 1 } })
  const passwordHash = await dear.hash(PASSWORD)
  const timeOf = async (given: string | undefined) => {
    const from = performance.now()
    expect(await dear.isOf({ password: 'something else', passwordHash: given })).toBe(false)
    return performance.now() - from
  }
  const [known, nobody] = [await timeOf(passwordHash), await timeOf(undefined)]
  expect(nobody).toBeGreaterThan(known / 10)
})

test('what is no hash is nobody’s', async () => {
  for (const passwordHash of ['', 'scrypt', 'scrypt$4$8$1$$', 'scrypt$4$8$1$AAAA$'])
    expect(await passwords.isOf({ password: '', passwordHash })).toBe(false)
})

test('so many are hashed at once, and the next one is told to wait', async () => {
  const all = Array.from({ length: LIMITS.passwordsAtOnce }, () => passwords.hash(PASSWORD))
  await expect(passwords.hash(PASSWORD)).rejects.toMatchObject({ code: 'login_throttled' })
  await Promise.all(all)
  await passwords.hash(PASSWORD)
})

test.each([
  ['too short', 'eleven char'],
  ['too long', 'ab'.repeat(LIMITS.passwordChars)],
  ['one character again and again', 'aaaaaaaaaaaaaaaa'],
  ['the e-mail', 'Person@example.com'],
])('a password that is %s is refused', (_what, password) => {
  expect(() => requireGoodPassword({ password, email: 'person@example.com' })).toThrow(
    expect.objectContaining({ code: 'invalid_field' }),
  )
})
