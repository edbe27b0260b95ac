import { expect, test } from 'vitest'
import { createLogins } from '../../../../src/call/credentials/logins.ts'
import { createPasswords } from '../../../../src/call/credentials/passwords.ts'

const passwords = createPasswords({ random: (byteCount) => new Uint8Array(byteCount) })
const withPeppers = (...peppers: string[]) =>
  createLogins({ peppers: new Map(peppers.map((pepper, version) => [version, pepper])), passwords })

test('an e-mail has one digest however it is spelt, and another under another pepper', () => {
  const { digestsOf } = withPeppers('one')
  expect(digestsOf('email', ' Ada@Example.COM ')).toEqual(digestsOf('email', 'ada@example.com'))
  expect(digestsOf('email', 'ada@example.com')).not.toEqual(digestsOf('email', 'ida@example.com'))
  expect(withPeppers('two').digestsOf('email', 'ada@example.com')).not.toEqual(
    digestsOf('email', 'ada@example.com'),
  )
})

test('the newest pepper writes, and older ones still find', () => {
  const [newest, oldest] = withPeppers('one', 'two').digestsOf('email', 'a@b.c')
  expect(newest).toBe(withPeppers('two').digestsOf('email', 'a@b.c')[0])
  expect(oldest).toBe(withPeppers('one').digestsOf('email', 'a@b.c')[0])
})

test('a subject keeps its capitals, and is no e-mail', () => {
  const { digestsOf } = withPeppers('one')
  expect(digestsOf('subject', 'Sub')).not.toEqual(digestsOf('subject', 'sub'))
  expect(digestsOf('subject', 'a@b.c')).not.toEqual(digestsOf('email', 'a@b.c'))
})
