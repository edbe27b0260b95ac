import { keccak256 } from '../hex.ts'

/** What a wallet signs to prove itself: the fields of EIP-4361, which x402's sign-in-with-x (CAIP-122) takes over. */
export type SignInFields = {
  readonly domain: string
  readonly uri: string
  readonly statement: string
  readonly version: '1'
  readonly nonce: string
  /** ISO 8601. */
  readonly issuedAt: string
  readonly expirationTime: string
  readonly requestId?: string
}

/**
 * The text of EIP-4361, letter for letter.
 *
 * @param address as the wallet spells it. @param chainId decimal.
 */
export function signInText({
  fields,
  address,
  chainId,
}: {
  fields: SignInFields
  address: string
  chainId: string
}): string {
  return [
    `${fields.domain} wants you to sign in with your Ethereum account:`,
    address,
    '',
    fields.statement,
    '',
    `URI: ${fields.uri}`,
    `Version: ${fields.version}`,
    `Chain ID: ${chainId}`,
    `Nonce: ${fields.nonce}`,
    `Issued At: ${fields.issuedAt}`,
    `Expiration Time: ${fields.expirationTime}`,
    ...(fields.requestId === undefined ? [] : [`Request ID: ${fields.requestId}`]),
  ].join('\n')
}

/** What `personal_sign` signs (EIP-191): the hash of the text behind a prefix that no transaction begins with. */
export function personalDigest(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8')
  return keccak256(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes]))
}
