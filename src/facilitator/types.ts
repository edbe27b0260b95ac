import type { Atomic } from '../lib/money.ts'
import type { Eip3009Payload, Permit2Payload } from '../payment/check/payload-schemes.ts'
import type { Address, Hex, Network } from '../payment/types.ts'

/** A JSON object as it came. */
export type Wire = Readonly<Record<string, unknown>>

/** What somebody asks a facilitator to check or to submit: a signed payment and what its seller requires. The shape is right, no more. */
export type Order = {
  readonly x402Version: 1 | 2
  readonly scheme: 'exact' | 'upto'
  readonly network: Network
  /** The network as this version of x402 spells it. */
  readonly networkName: string
  readonly asset: Address
  readonly payTo: Address
  /** What the seller requires; of `upto` at settlement what it charges. */
  readonly amountAtomic: Atomic
  readonly payment: Eip3009Payload | Permit2Payload
  /** Names what the chain lets through once: the payer's nonce, in the contract that keeps it. */
  readonly key: string
  /** Equal for two orders that ask for the same. */
  readonly fingerprint: string
  readonly payload: Wire
  readonly requirements: Wire
}

/** The answer of `POST /verify`, in x402's words. */
export type Verdict = {
  readonly isValid: boolean
  readonly invalidReason?: string
  readonly payer: Address
}

/** The answer of `POST /settle`, in x402's words. */
export type Outcome = {
  readonly success: boolean
  readonly errorReason?: string
  readonly payer: Address
  /** Empty where nothing was submitted. */
  readonly transaction: Hex | ''
  readonly network: string
  /** Of `upto`: what was charged. */
  readonly amount?: string
}

/** One line of `GET /supported`. */
export type Kind = {
  readonly x402Version: number
  readonly scheme: string
  readonly network: string
  readonly extra?: Wire
}

/** The answer of `GET /supported`. */
export type Supported = {
  readonly kinds: readonly Kind[]
  readonly extensions: readonly string[]
  readonly signers: Readonly<Record<string, readonly string[]>>
}
