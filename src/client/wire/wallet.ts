import type { Hex } from '../../payment/types.ts'

/** EIP-712 typed data as viem's accounts take it; amounts are bigint. */
export type TypedData = {
  readonly domain: {
    readonly name: string
    readonly version?: string
    readonly chainId: number
    readonly verifyingContract: Hex
  }
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>
  readonly primaryType: string
  readonly message: Readonly<Record<string, unknown>>
}

/**
 * Whoever can sign typed data: a viem account, or any object with these two members. No RPC is needed.
 *
 * @example privateKeyToAccount(process.env.WALLET_KEY)
 */
export type Wallet = {
  readonly address: Hex
  // A method, so that viem's generic signature is taken as it is.
  signTypedData(data: TypedData): Promise<Hex>
}
