import { chainIdOf } from '../tokens/networks.ts'
import { keccakOfDigits, keccakOfText } from '../hex.ts'
import type { Address, Hex, Network } from '../types.ts'

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
const SALTED_DOMAIN = typeHash(
  'EIP712Domain(string name,string version,address verifyingContract,bytes32 salt)',
)

export type Domain = {
  readonly name: string
  /** Permit2's domain has none. */
  readonly version?: string
  /** The chain id is the salt (see TokenDomain). */
  readonly isSalted?: true
  readonly network: Network
  readonly contract: Address
}

/** Separators depend on nothing but the domain, and there are a handful of domains: one per token and contract. */
const separators = new Map<string, Word>()

/** EIP-712's domain separator, 64 hex digits without a prefix. */
export function separatorOf(domain: Domain): Word {
  const form = domain.isSalted ? 'salted' : ''
  const key = `${domain.network} ${domain.contract} ${form} ${domain.version ?? ''} ${domain.name}`
  const known = separators.get(key)
  if (known) return known
  const separator = hashWords(domainWords(domain))
  separators.set(key, separator)
  return separator
}

function domainWords({ name, version, isSalted, network, contract }: Domain): readonly Word[] {
  const chain = uintWord(chainIdOf(network))
  const address = addressWord(contract)
  if (version === undefined) return [NAMED_DOMAIN, keccakOfText(name), chain, address]
  const texts = [keccakOfText(name), keccakOfText(version)]
  return isSalted ? [SALTED_DOMAIN, ...texts, address, chain] : [VERSIONED_DOMAIN, ...texts, chain, address]
}

/** What a wallet signs: keccak256(0x1901 ++ separator ++ struct), as 64 hex digits without a prefix. */
export function typedDigest({ domain, struct }: { domain: Domain; struct: Word }): Word {
  return keccakOfDigits(`1901${separatorOf(domain)}${struct}`)
}

export const digestBytes = (digest: Word): Uint8Array => Buffer.from(digest, 'hex')
