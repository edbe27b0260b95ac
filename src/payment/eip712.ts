import { chainIdOf } from './networks.ts'
import { keccakOfDigits, keccakOfText } from './hex.ts'
import type { Address, Hex, Network } from './types.ts'

/**
 * EIP-712 by hand: typed data becomes a concatenation of 32-byte words, which are kept as hex digits without a prefix
 * until they are hashed. A general encoder costs ten times as much per voucher.
 */
export type Word = string

export const uintWord = (value: bigint | number): Word => value.toString(16).padStart(64, '0')
export const addressWord = (address: Address): Word => address.slice(2).padStart(64, '0')
export const bytes32Word = (bytes: Hex): Word => bytes.slice(2)

/** @example typeHash('Voucher(bytes32 channelId,uint128 maxClaimableAmount)') */
export const typeHash = (type: string): Word => keccakOfText(type)

/** The hash of a struct, of an array of structs, or of any other concatenation of words. */
export const hashWords = (words: readonly Word[]): Word => keccakOfDigits(words.join(''))

const NAMED_DOMAIN = typeHash('EIP712Domain(string name,uint256 chainId,address verifyingContract)')
const VERSIONED_DOMAIN = typeHash(
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)',
)

export type Domain = {
  readonly name: string
  /** Permit2's domain has none. */
  readonly version?: string
  readonly network: Network
  readonly contract: Address
}

/** Separators depend on nothing but the domain, and there are a handful of domains: one per token and contract. */
const separators = new Map<string, Word>()

function separatorOf(domain: Domain): Word {
  const key = `${domain.network} ${domain.contract} ${domain.version ?? ''} ${domain.name}`
  const known = separators.get(key)
  if (known) return known
  const version = domain.version === undefined ? [] : [keccakOfText(domain.version)]
  const separator = hashWords([
    domain.version === undefined ? NAMED_DOMAIN : VERSIONED_DOMAIN,
    keccakOfText(domain.name),
    ...version,
    uintWord(chainIdOf(domain.network)),
    addressWord(domain.contract),
  ])
  separators.set(key, separator)
  return separator
}

/** What a wallet signs: keccak256(0x1901 ++ separator ++ struct), as 64 hex digits without a prefix. */
export function typedDigest({ domain, struct }: { domain: Domain; struct: Word }): Word {
  return keccakOfDigits(`1901${separatorOf(domain)}${struct}`)
}

export const digestBytes = (digest: Word): Uint8Array => Buffer.from(digest, 'hex')
