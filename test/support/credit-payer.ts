import { createHash } from 'node:crypto'
import { signDigest, addressOfPrivateKey } from '../../src/payment/signing/signature.ts'
import { personalDigest, type SignInFields, signInText } from '../../src/payment/sign-in/sign-in-message.ts'
import type { Address, Hex, Network } from '../../src/payment/types.ts'

/** A wallet that pays from its credit: it signs in for each call, under the quote of that call. */
export type CreditPayer = {
  readonly address: Address
  /** The value of `SIGN-IN-WITH-X` for the 402 of a call. */
  readonly prove: (required: string) => string
}

type Challenge = {
  readonly extensions: Readonly<
    Record<
      string,
      { readonly info: SignInFields; readonly supportedChains: readonly { readonly chainId: Network }[] }
    >
  >
}

/** @param name the same name is the same wallet. */
export function creditPayer(name: string): CreditPayer {
  const privateKey: Hex = `0x${createHash('sha256').update(`turnpike credit payer ${name}`).digest('hex')}`
  const address = addressOfPrivateKey({ privateKey })
  return {
    address,
    prove(required) {
      const { extensions } = JSON.parse(Buffer.from(required, 'base64').toString()) as Challenge
      const challenge = extensions['sign-in-with-x']
      const [chain] = challenge?.supportedChains ?? []
      if (!challenge || !chain) throw new Error('The 402 has no challenge.')
      const { info } = challenge
      const text = signInText({ fields: info, address, chainId: chain.chainId.slice('eip155:'.length) })
      const signature = signDigest({ digest: personalDigest(text), privateKey })
      return Buffer.from(
        JSON.stringify({ ...info, address, chainId: chain.chainId, type: 'eip191', signature }),
      ).toString('base64')
    },
  }
}
