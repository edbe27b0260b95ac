import { parseAtomic, type Atomic } from '../../lib/money.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { parseAddress, parseBytes32, parseHex } from '../hex.ts'
import type { Address, Hex } from '../types.ts'

/** An object of the payment's JSON and where it stands, so that an error can name the field. */
export type Fields = { readonly value: Readonly<Record<string, unknown>>; readonly path: string }

/** Names one field of an object. */
type Field = { readonly of: Fields; readonly name: string }

const SECONDS = /^(0|[1-9][0-9]{0,14})$/
const UINT256 = /^(0|[1-9][0-9]{0,77})$/
const MAX_UINT256 = (1n << 256n) - 1n
const MAX_UINT40 = 2 ** 40 - 1
const HEX_DIGITS_OF_65_BYTES = 132

export const pathOf = ({ of, name }: Field): string => (of.path ? `${of.path}.${name}` : name)

export function malformed({ of, name, need }: Field & { need: string }): TurnpikeError {
  const param = pathOf({ of, name })
  return new TurnpikeError('payment_malformed', { param, message: `"${param}" must be ${need}.` })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads one field with `read`; undefined from it means that the field is absent or has the wrong form. */
function demand<T>({
  of,
  name,
  read,
  need,
}: Field & { read: (value: unknown) => T | undefined; need: string }): T {
  const value = read(of.value[name])
  if (value === undefined) throw malformed({ of, name, need })
  return value
}

export const hasField = ({ of, name }: Field): boolean => of.value[name] !== undefined

export function objectAt({ of, name }: Field): Fields {
  const value = demand({ of, name, read: (raw) => (isObject(raw) ? raw : undefined), need: 'an object' })
  return { value, path: pathOf({ of, name }) }
}

export const textAt = ({ of, name }: Field): string =>
  demand({ of, name, read: (raw) => (typeof raw === 'string' ? raw : undefined), need: 'a string' })

export const addressAt = ({ of, name }: Field): Address =>
  demand({ of, name, read: parseAddress, need: 'an address: 0x and 40 hex digits' })

export const bytes32At = ({ of, name }: Field): Hex =>
  demand({ of, name, read: parseBytes32, need: '32 bytes: 0x and 64 hex digits' })

export const atomicAt = ({ of, name }: Field): Atomic =>
  demand({ of, name, read: parseAtomic, need: 'a decimal string of atomic units, at most 128 bits' })

export function uint256At({ of, name }: Field): bigint {
  const read = (raw: unknown) => {
    if (typeof raw !== 'string' || !UINT256.test(raw)) return undefined
    const value = BigInt(raw)
    return value <= MAX_UINT256 ? value : undefined
  }
  return demand({ of, name, read, need: 'a decimal string of at most 256 bits' })
}

/** Seconds since 1970 as a decimal string, which is how x402 spells times. */
export const secondsAt = ({ of, name }: Field): number =>
  demand({
    of,
    name,
    read: (raw) => (typeof raw === 'string' && SECONDS.test(raw) ? Number(raw) : undefined),
    need: 'a decimal string of seconds since 1970',
  })

/** A whole JSON number of at most 40 bits. */
export const wholeNumberAt = ({ of, name }: Field): number =>
  demand({
    of,
    name,
    read: (raw) =>
      typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw <= MAX_UINT40 ? raw : undefined,
    need: 'a whole number',
  })

/** Bytes of some length. */
export const bytesAt = ({ of, name, mostBytes }: Field & { mostBytes: number }): Hex =>
  demand({
    of,
    name,
    read: (raw) =>
      typeof raw === 'string' && raw.length > 2 && raw.length <= 2 + 2 * mostBytes
        ? parseHex(raw)
        : undefined,
    need: `whole bytes of hex, at most ${mostBytes}`,
  })

/** A signature of an ordinary account, its v written as 27 or 28, which is the only form that every contract takes. */
export function signatureAt({ of, name }: Field): Hex {
  const read = (raw: unknown) => {
    const signature = parseHex(raw)
    return signature?.length === HEX_DIGITS_OF_65_BYTES ? signature : undefined
  }
  const need = '65 bytes of hex; compact signatures and those of contract wallets are not taken'
  const signature = demand({ of, name, read, need })
  const v = signature.slice(130)
  if (v === '00') return `${signature.slice(0, 130)}1b` as Hex
  return v === '01' ? (`${signature.slice(0, 130)}1c` as Hex) : signature
}
