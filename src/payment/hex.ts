import { keccak256 as keccak } from 'js-sha3'
import { bytesOfDigits } from '../lib/bytes.ts'
import type { Address, Hex } from './types.ts'

const ADDRESS = /^0x[0-9a-fA-F]{40}$/
const BYTES32 = /^0x[0-9a-fA-F]{64}$/
const HEX = /^0x(?:[0-9a-fA-F]{2})*$/

export const ZERO_ADDRESS: Address = '0x0000000000000000000000000000000000000000'

/**
 * Reads an address in any case; the checksum is not demanded, since wallets and servers disagree on sending it.
 *
 * @returns the address in lower case, or undefined where the value is not 20 bytes of hex.
 */
export function parseAddress(value: unknown): Address | undefined {
  if (typeof value !== 'string' || !ADDRESS.test(value)) return undefined
  return value.toLowerCase() as Address
}

/** Reads 32 bytes of hex in any case. @returns them in lower case, or undefined. */
export function parseBytes32(value: unknown): Hex | undefined {
  if (typeof value !== 'string' || !BYTES32.test(value)) return undefined
  return value.toLowerCase() as Hex
}

/** Reads whole bytes of hex in any case. @returns them in lower case, or undefined. */
export function parseHex(value: unknown): Hex | undefined {
  if (typeof value !== 'string' || !HEX.test(value)) return undefined
  return value.toLowerCase() as Hex
}

/** The bytes of a hex string; whoever calls has checked its form. */
export const hexToBytes = (hex: string): Uint8Array => Buffer.from(hex.slice(2), 'hex')

export const bytesToHex = (bytes: Uint8Array): Hex =>
  `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`

/** Ethereum's hash: Keccak-256 with the original padding, not FIPS SHA-3. */
export const keccak256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(keccak.arrayBuffer(bytes))

/** Keccak-256 of the bytes that are spelled by hex digits without a prefix. @returns 64 hex digits without a prefix. */
export const keccakOfDigits = (digits: string): string => keccak(bytesOfDigits(digits))

/** Keccak-256 of a text in UTF-8. @returns 64 hex digits without a prefix. */
export const keccakOfText = (text: string): string => keccak(text)

const KNOWN_CHECKSUMS = 10_000
/** Addresses seen last: every receipt names its payer, and the checksum costs a hash. */
const checksums = new Map<Address, string>()

/**
 * The mixed-case form of an address (EIP-55): a letter is upper case where the hash of the lower-case digits has a
 * nibble of 8 or more.
 *
 * @example checksumAddress('0x036cbd53842c5426634e7929541ec2318f3dcf7e') // '0x036CbD53842c5426634e7929541eC2318f3dCF7e'
 */
export function checksumAddress(address: Address): string {
  const known = checksums.get(address)
  if (known !== undefined) return known
  const checksummed = checksumOf(address.slice(2).toLowerCase())
  if (checksums.size >= KNOWN_CHECKSUMS) checksums.clear()
  checksums.set(address, checksummed)
  return checksummed
}

function checksumOf(digits: string): string {
  const hash = keccakOfText(digits)
  return `0x${Array.from(digits, (digit, index) => (Number.parseInt(hash[index] ?? '0', 16) >= 8 ? digit.toUpperCase() : digit)).join('')}`
}
