import { createHash } from 'node:crypto'

/**
 * `tp_live_<id>_<secret><checksum>`: 8, 43 and 6 characters of base62. The id finds the row, the secret is 256 bits, and the checksum tells
 * a typing error from a wrong key without a look at the database; scanners for leaked secrets can use it as well.
 */
const SHAPE = /^tp_(live|test)_([0-9A-Za-z]{8})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/
const PREFIX = /^tp_(?:live|test)_/

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_CHARS = 8
const SECRET_CHARS = 43
const CHECKSUM_CHARS = 6
const ID_BYTES = 8
const SECRET_BYTES = 32

/** The last digits of a number in base62. */
function base62({ bytes, chars }: { bytes: Uint8Array; chars: number }): string {
  let value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  let text = ''
  for (let index = 0; index < chars; index += 1) {
    text = (DIGITS[Number(value % 62n)] ?? '') + text
    value /= 62n
  }
  return text
}

/** A plain hash: it protects from typing errors, not from anybody. */
const checksumOf = (body: string): string =>
  base62({ bytes: createHash('sha256').update(body).digest().subarray(0, 8), chars: CHECKSUM_CHARS })

export type ParsedKey = { readonly isTest: boolean; readonly id: string; readonly secret: string }

/**
 * Makes a key. Its text is shown once and never stored.
 *
 * @param random exactly 40 bytes of randomness: 8 for the id, 32 for the secret.
 * @throws RangeError where there are fewer.
 */
export function newKeyText({ isTest, random }: { isTest: boolean; random: Uint8Array }): ParsedKey & {
  readonly text: string
} {
  if (random.length !== ID_BYTES + SECRET_BYTES) throw new RangeError('A key takes 40 random bytes.')
  const id = base62({ bytes: random.subarray(0, ID_BYTES), chars: ID_CHARS })
  const secret = base62({ bytes: random.subarray(ID_BYTES), chars: SECRET_CHARS })
  const body = `tp_${isTest ? 'test' : 'live'}_${id}_${secret}`
  return { isTest, id, secret, text: `${body}${checksumOf(body)}` }
}

/** Whether a credential wants to be one of our keys. Any other value is ignored: SDKs always send one. */
export const isOurKey = (text: string): boolean => PREFIX.test(text)

/**
 * Reads a key.
 *
 * @returns undefined where a letter is wrong or missing.
 */
export function parseKey(text: string): ParsedKey | undefined {
  const [, environment, id = '', secret = '', checksum] = SHAPE.exec(text) ?? []
  if (environment === undefined || checksumOf(text.slice(0, -CHECKSUM_CHARS)) !== checksum) return undefined
  return { isTest: environment === 'test', id, secret }
}

/** What may be shown of a key, so that its owner knows it again. */
export const displayPrefix = ({ isTest, id }: { isTest: boolean; id: string }): string =>
  `tp_${isTest ? 'test' : 'live'}_${id}`
