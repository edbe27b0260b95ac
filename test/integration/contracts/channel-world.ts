import { computeChannelId } from '@x402/evm/batch-settlement/client'
import type { Address, Hex } from 'viem'
import type { DevAccount } from '../../../src/dev/accounts.ts'
import {
  BATCH_SETTLEMENT,
  DEV_CHAIN_ID,
  ERC3009_DEPOSIT_COLLECTOR,
  PERMIT2_DEPOSIT_COLLECTOR,
  USDC,
} from '../../../src/dev/chain/addresses.ts'
import { freshBytes32, freshNonce, ONE } from './contract-world.ts'
import type { ContractWorld } from './contract-world.ts'
import {
  erc3009DepositData,
  permit2DepositData,
  signClaimBatch,
  signRefund,
  signVoucher,
} from './signatures.ts'

export type ChannelConfig = {
  payer: Address
  payerAuthorizer: Address
  receiver: Address
  receiverAuthorizer: Address
  token: Address
  withdrawDelay: number
  salt: Hex
}

/** A channel of the tests: its people, its config and the id that the published package computes for it. */
export type Channel = {
  payer: DevAccount
  receiver: DevAccount
  authorizer: DevAccount
  config: ChannelConfig
  id: Hex
}

export type Claim = { channel: Channel; max: bigint; total: bigint; by?: DevAccount; voucherOf?: Channel }

export const WITHDRAW_DELAY_SECONDS = 900
const CONTRACT = 'X402BatchSettlement'

/** What the channel tests do again and again, in the words of the scheme. */
export function channelWorld(world: ContractWorld) {
  const write = (as: DevAccount, call: string, args: readonly unknown[]) =>
    world.write({ as, address: BATCH_SETTLEMENT, contract: CONTRACT, call, args })
  const read = (call: string, args: readonly unknown[]) =>
    world.read({ address: BATCH_SETTLEMENT, contract: CONTRACT, call, args })

  /** A new channel between new people, or with some of another's; nothing is deposited. */
  async function newChannel(
    options: Partial<ChannelConfig> & { like?: Channel; people?: Partial<Channel> } = {},
  ) {
    const { like, people, ...changes } = options
    const payer = people?.payer ?? (await world.newAccount({ funded: true }))
    const receiver = people?.receiver ?? like?.receiver ?? (await world.newAccount())
    const authorizer = people?.authorizer ?? like?.authorizer ?? (await world.newAccount())
    const config: ChannelConfig = {
      payer: payer.address,
      payerAuthorizer: payer.address,
      receiver: receiver.address,
      receiverAuthorizer: authorizer.address,
      token: USDC,
      withdrawDelay: WITHDRAW_DELAY_SECONDS,
      salt: freshBytes32(),
      ...changes,
    }
    return { payer, receiver, authorizer, config, id: computeChannelId(config, DEV_CHAIN_ID) }
  }

  async function erc3009Deposit(options: { channel: Channel; amount: bigint; salt?: bigint }) {
    const { channel, amount, salt = freshNonce() } = options
    const validBefore = (await world.now()) + 600n
    const data = await erc3009DepositData({
      by: channel.payer,
      channelId: channel.id,
      amount,
      salt,
      validBefore,
    })
    return [channel.config, amount, ERC3009_DEPOSIT_COLLECTOR, data] as const
  }

  async function permit2Deposit(options: { channel: Channel; amount: bigint }) {
    const { channel, amount } = options
    const permit = {
      permitted: { token: channel.config.token, amount },
      nonce: freshNonce(),
      deadline: (await world.now()) + 600n,
    }
    const data = await permit2DepositData({ by: channel.payer, channelId: channel.id, permit })
    return [channel.config, amount, PERMIT2_DEPOSIT_COLLECTOR, data] as const
  }

  /** A new channel with money in it: one dollar unless told otherwise. */
  async function openChannel(
    options: Partial<ChannelConfig> & { like?: Channel; amount?: bigint } = {},
  ): Promise<Channel> {
    const { amount = ONE, ...rest } = options
    const channel = await newChannel(rest)
    const deposit = channel.config.token === USDC ? erc3009Deposit : permit2Deposit
    await write(channel.authorizer, 'deposit', await deposit({ channel, amount }))
    return channel
  }

  /** A row as claim and claimWithSignature take it; `by` and `voucherOf` make it a forgery. */
  async function row({ channel, max, total, by = channel.payer, voucherOf = channel }: Claim) {
    const signature = await signVoucher({ by, channelId: voucherOf.id, maxClaimableAmount: max })
    return {
      voucher: { channel: channel.config, maxClaimableAmount: max },
      signature,
      totalClaimed: total,
    }
  }

  /** Signs the batch by the first row's authoriser, or by a forger, and has a stranger relay it. */
  async function claim(options: { rows: readonly Claim[]; relayer: DevAccount; signer?: DevAccount }) {
    const { rows, relayer } = options
    const signer = options.signer ?? rows[0]?.channel.authorizer ?? relayer
    const claims = rows.map(({ channel, max, total }) => ({
      channelId: channel.id,
      maxClaimableAmount: max,
      totalClaimed: total,
    }))
    const signature = await signClaimBatch({ by: signer, claims })
    return write(relayer, 'claimWithSignature', [await Promise.all(rows.map(row)), signature])
  }

  async function refund(options: {
    channel: Channel
    amount: bigint
    nonce: bigint
    relayer: DevAccount
    signer?: DevAccount
  }) {
    const { channel, amount, nonce, relayer, signer = channel.authorizer } = options
    const signature = await signRefund({ by: signer, channelId: channel.id, nonce, amount })
    return write(relayer, 'refundWithSignature', [channel.config, amount, nonce, signature])
  }

  const settle = (options: { channel: Channel; relayer: DevAccount }) =>
    write(options.relayer, 'settle', [options.channel.config.receiver, options.channel.config.token])

  async function stateOf(channel: Channel) {
    const [balance, totalClaimed] = (await read('channels', [channel.id])) as readonly [bigint, bigint]
    return { balance, totalClaimed }
  }

  return {
    write,
    read,
    newChannel,
    openChannel,
    erc3009Deposit,
    permit2Deposit,
    row,
    claim,
    refund,
    settle,
    stateOf,
  }
}

export type ChannelWorld = ReturnType<typeof channelWorld>
