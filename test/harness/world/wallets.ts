import { hashTypedData, hexToBytes } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { approvePermit2, fundAccount } from '../../../src/dev/chain/fund.ts'
import { BASE_SEPOLIA_USDC, usdtAsset } from '../../../src/payment/tokens/assets.ts'
import { signDigest } from '../../../src/payment/signing/signature.ts'
import type { Address, Asset, Hex } from '../../../src/payment/types.ts'
import type { Wallet as PayingWallet } from '../../../src/client/wire/wallet.ts'

/** A payer of the harnesses with money and Permit2's allowance for both tokens. */
export type Wallet = {
  readonly account: PayingWallet
  readonly privateKey: Hex
  /** In lower case, as the server spells it inside. */
  readonly address: Address
}

/** What each wallet begins with, of either token: more than all its calls together may hold. */
export const WALLET_ATOMIC = 2_000_000_000n

export const assetsOf = (usdt: string): { readonly usdc: Asset; readonly usdt: Asset } => ({
  usdc: BASE_SEPOLIA_USDC,
  usdt: usdtAsset({
    network: BASE_SEPOLIA_USDC.network,
    address: usdt.toLowerCase() as Address,
    decimals: 6,
  }),
})

export async function newWallet({ rpcUrl }: { rpcUrl: string }): Promise<Wallet> {
  const privateKey = generatePrivateKey()
  const { address } = privateKeyToAccount(privateKey)
  await fundAccount({ rpcUrl, address, usdc: WALLET_ATOMIC, usdt: WALLET_ATOMIC, ether: 10n ** 18n })
  await approvePermit2({ rpcUrl, privateKey })
  // Signed natively: thousands of signatures in script would be the load, and not the service.
  const account: PayingWallet = {
    address,
    signTypedData: async (data) =>
      signDigest({ digest: hexToBytes(hashTypedData(data as never)), privateKey }),
  }
  return { account, privateKey, address: address.toLowerCase() as Address }
}
