import { createHmac, timingSafeEqual } from 'node:crypto'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { parseAddress, parseHex } from '../hex.ts'
import type { QuoteSecret } from '../offers/quote.ts'
import { personalDigest, type SignInFields, signInText } from './sign-in-message.ts'
import type { SignatureCheck } from '../signing/signature.ts'
import type { Address, Network } from '../types.ts'

/** x402's extension by which a payer proves its wallet, and the header that carries the proof. */
export const SIGN_IN = 'sign-in-with-x'

/** How long a challenge may be answered; a proof is good as long. */
export const SIGN_IN_SECONDS = 300
const HEADER_CHARS = 8_192
const NONCE_RANDOM_BYTES = 8
const NONCE_MAC_BYTES = 16
const STATEMENT = 'Prove that this wallet is yours. This is no payment.'
const LABEL = 'turnpike sign-in 1\n'
const CHAIN = /^eip155:([1-9]\d{0,15})$/

/** A wallet that has proved itself, and what its proof was asked for. */
export type SignedIn = {
  readonly payer: Address
  readonly network: Network
  /** Of the challenge: names this proof. */
  readonly nonce: string
  readonly uri: string
  /** What the challenge was bound to: the quote of a call. */
  readonly requestId?: string
}

/** The value of `extensions["sign-in-with-x"]` in a 402. */
export type SignInChallenge = {
  readonly info: SignInFields
  readonly supportedChains: readonly { readonly chainId: Network; readonly type: 'eip191' }[]
}

/** A nonce that only this server can make for these fields, so that nothing has to be remembered. */
function nonceOf({
  fields: { uri, issuedAt, expirationTime, requestId = '' },
  random,
  secret,
}: {
  fields: Omit<SignInFields, 'nonce'>
  random: string
  secret: QuoteSecret
}): string {
  const mac = createHmac('sha256', secret)
    .update(LABEL)
    .update([random, uri, issuedAt, expirationTime, requestId].join('\n'))
    .digest()
  return `${random}${mac.subarray(0, NONCE_MAC_BYTES).toString('hex')}`
}

/**
 * Asks a caller to prove its wallet.
 *
 * @param uri of the resource, under the origin that callers see.
 * @param requestId binds the proof to one thing, e.g. to the quote of one call.
 */
export function signInChallenge({
  uri,
  networks,
  requestId,
  nowMs,
  random,
  secret,
}: {
  uri: string
  networks: readonly Network[]
  requestId?: string
  nowMs: number
  /** 8 bytes. */
  random: Uint8Array
  secret: QuoteSecret
}): SignInChallenge {
  const fields = {
    domain: new URL(uri).host,
    uri,
    statement: STATEMENT,
    version: '1',
    issuedAt: new Date(nowMs).toISOString(),
    expirationTime: new Date(nowMs + SIGN_IN_SECONDS * 1_000).toISOString(),
    ...(requestId === undefined ? {} : { requestId }),
  } as const
  const nonce = nonceOf({ fields, random: Buffer.from(random).toString('hex'), secret })
  return {
    info: { ...fields, nonce },
    supportedChains: networks.map((chainId) => ({ chainId, type: 'eip191' })),
  }
}

const invalid = (message: string) => new TurnpikeError('sign_in_invalid', { message })

function readHeader(header: string): Readonly<Record<string, unknown>> {
  if (header.length > HEADER_CHARS) throw invalid('The sign-in header is too large.')
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(header, 'base64').toString('utf8'))
  } catch {
    throw invalid('The sign-in header is not base64 of JSON.')
  }
  if (typeof value !== 'object' || value === null) throw invalid('The sign-in header holds no object.')
  return value as Readonly<Record<string, unknown>>
}

function readProof(header: string) {
  const value = readHeader(header)
  const text = (name: string): string => {
    const member = value[name]
    if (typeof member !== 'string' || /[\r\n]/.test(member))
      throw invalid(`"${name}" must be a line of text.`)
    return member
  }
  const fields: SignInFields = {
    domain: text('domain'),
    uri: text('uri'),
    statement: text('statement'),
    version: '1',
    nonce: text('nonce'),
    issuedAt: text('issuedAt'),
    expirationTime: text('expirationTime'),
    ...(value['requestId'] === undefined ? {} : { requestId: text('requestId') }),
  }
  const isPlain = ['notBefore', 'resources'].every((name) => value[name] === undefined)
  if (!isPlain || text('version') !== '1') throw invalid('Sign the fields of the challenge and no others.')
  return {
    fields,
    address: text('address'),
    chainId: text('chainId'),
    signature: parseHex(value['signature']),
  }
}

/** What a proof says that it is for, before anything about it is checked; undefined where it says nothing. */
export function claimedRequestId(header: unknown): string | undefined {
  try {
    return typeof header === 'string' ? readProof(header).fields.requestId : undefined
  } catch {
    return undefined
  }
}

function isOurs({ fields, secret }: { fields: SignInFields; secret: QuoteSecret }): boolean {
  const given = Buffer.from(fields.nonce)
  const wanted = Buffer.from(
    nonceOf({ fields, random: fields.nonce.slice(0, NONCE_RANDOM_BYTES * 2), secret }),
  )
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/**
 * Checks the proof in a `SIGN-IN-WITH-X` header: that the challenge is one of ours and still open, and that the wallet signed it.
 * Wallets that are contracts cannot prove themselves here: that would take an RPC.
 *
 * @param origin under which callers see this server: a proof that was made for another one is not taken.
 * @throws sign_in_invalid with the reason.
 */
export function checkSignIn({
  header,
  origin,
  nowMs,
  secret,
  signatures,
}: {
  header: string
  origin: string
  nowMs: number
  secret: QuoteSecret
  signatures: SignatureCheck
}): SignedIn {
  const { fields, address, chainId, signature } = readProof(header)
  const chain = CHAIN.exec(chainId)?.[1]
  const payer = parseAddress(address)
  if (!chain || !payer || !signature) throw invalid('Address, chain id or signature is none.')
  if (!isOurs({ fields, secret })) throw invalid('This server has not asked for that proof.')
  const { host } = new URL(origin)
  if (fields.domain !== host || !fields.uri.startsWith(`${origin}/`))
    throw invalid(`The proof was made for ${fields.domain.slice(0, 100)}.`)
  if (nowMs >= Date.parse(fields.expirationTime)) throw invalid('The proof has expired.')
  const digest = personalDigest(signInText({ fields, address, chainId: chain }))
  if (signatures.verify({ digest, signature, signer: payer }) !== 'valid')
    throw invalid('The signature is not that of the address.')
  return {
    payer,
    network: chainId as Network,
    nonce: fields.nonce,
    uri: fields.uri,
    ...(fields.requestId === undefined ? {} : { requestId: fields.requestId }),
  }
}
