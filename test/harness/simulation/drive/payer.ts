import type { Address, Asset, ChannelConfig, Hex } from '../../../../src/payment/types.ts'
import { balanceOf, held } from '../chain/state.ts'
import { ASSETS, AUTHORIZER, PAY_TO, TERMS } from '../setup.ts'
import type { World } from '../world.ts'

/** A client's channel for one token, with what a stock client remembers of it. */
export type ClientChannel = {
  readonly id: Hex
  readonly config: ChannelConfig
  /** What it believes to have been charged: it signs that plus a call's ceiling. */
  chargedAtomic: bigint
  /** What it believes to be there. */
  balanceAtomic: bigint
}

export type Wallet = {
  readonly asset: Asset
  readonly channel: ClientChannel
  /** What it had in the beginning. */
  readonly initialAtomic: bigint
}

export type Payer = { readonly address: Address; readonly wallets: readonly [Wallet, Wallet] }

const unit = (asset: Asset) => 10n ** BigInt(asset.decimals)

/** USD cents as atomic units. */
export const cents = (asset: Asset, amount: number) => (unit(asset) * BigInt(amount)) / 100n

/** A payer with money in both tokens, who has approved Permit2. */
export function createPayer(world: World): Payer {
  const address: Address = `0x${String(world.payers.length + 1).padStart(40, 'a')}`
  const { state } = world.simulated.blocks
  const walletOf = (asset: Asset): Wallet => {
    const token = asset.address
    const initialAtomic = cents(asset, world.random.pick([30, 150, 1_000]))
    state.balances.set(held(token, address), initialAtomic)
    state.allowances.set(held(token, address), 2n ** 128n)
    const id: Hex = `0x${address.slice(-4)}${token.slice(-2)}`
    const config: ChannelConfig = {
      payer: address,
      payerAuthorizer: address,
      receiver: PAY_TO,
      receiverAuthorizer: AUTHORIZER,
      token,
      withdrawDelay: TERMS.withdrawDelaySeconds,
      salt: '0x01',
    }
    return { asset, initialAtomic, channel: { id, config, chargedAtomic: 0n, balanceAtomic: 0n } }
  }
  const payer: Payer = { address, wallets: [walletOf(ASSETS[0]), walletOf(ASSETS[1])] }
  world.payers.push(payer)
  return payer
}

/** Where a payer sends what it wants us not to find. */
export const hoardOf = ({ address }: Payer): Address => `0xfeed${address.slice(6)}`

export const inWallet = (world: World, payer: Payer, { asset }: Wallet) =>
  balanceOf(world.simulated.blocks.state, asset.address, payer.address)
