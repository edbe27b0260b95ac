import { encodeFunctionData } from 'viem'
import type { Hex } from 'viem'
import { BATCH_SETTLEMENT } from '../../payment/tokens/contracts.ts'
import { tokenSeparator } from '../../payment/signing/token-domain.ts'
import type { Address, Asset } from '../../payment/types.ts'
import type { SuspensionReason } from '../../payment/withheld.ts'
import { erc20Abi, issuerAbi } from '../abi.ts'
import { multicall } from '../multicall.ts'
import type { Rpc } from '../rpc.ts'

/** A token and why it cannot be taken now; no reason where it can. */
export type TokenState = { readonly asset: Asset; readonly reason?: SuspensionReason }

type Owners = { readonly payTo: Address; readonly till: Address }

/** Blocklists are asked in both spellings: Circle's and Tether's. */
const BLOCKLISTS = ['isBlacklisted', 'isBlackListed'] as const

/**
 * What issuers can switch on at any time: a pause, a fee on transfers, a block of one of our addresses, another contract behind
 * the same address. One request for all tokens of a network.
 *
 * @throws RpcError where the chain cannot be asked.
 */
export async function readSuspensions(query: {
  rpc: Rpc
  assets: readonly Asset[]
  owners: Owners
}): Promise<readonly TokenState[]> {
  const { rpc, assets, owners } = query
  if (assets.length === 0) return []
  const datas = questionsOf(owners)
  const answers = await multicall({
    rpc,
    calls: assets.flatMap(({ address }) => datas.map((data) => ({ to: address, data }))),
  })
  return assets.map((asset, index): TokenState => {
    const own = answers.slice(index * datas.length, (index + 1) * datas.length)
    const reason = reasonOf({ asset, answers: own })
    return reason === undefined ? { asset } : { asset, reason }
  })
}

function questionsOf({ payTo, till }: Owners): readonly Hex[] {
  return [
    encodeFunctionData({ abi: erc20Abi, functionName: 'decimals' }),
    encodeFunctionData({ abi: issuerAbi, functionName: 'DOMAIN_SEPARATOR' }),
    encodeFunctionData({ abi: issuerAbi, functionName: 'paused' }),
    encodeFunctionData({ abi: issuerAbi, functionName: 'basisPointsRate' }),
    ...[payTo, till, BATCH_SETTLEMENT].flatMap((address) =>
      BLOCKLISTS.map((functionName) => encodeFunctionData({ abi: issuerAbi, functionName, args: [address] })),
    ),
  ]
}

function reasonOf({
  asset,
  answers,
}: {
  asset: Asset
  answers: readonly (Hex | undefined)[]
}): SuspensionReason | undefined {
  const [decimals, separator, paused, fee, ...blocks] = answers
  const isBlocked = (owner: number) =>
    BLOCKLISTS.some((_list, index) => isAboveZero(blocks[owner * 2 + index]))
  if (!isTheSame({ asset, decimals, separator })) return 'contract_changed'
  if (isAboveZero(paused)) return 'paused'
  if (isAboveZero(fee)) return 'fee_on_transfer'
  if (isBlocked(0)) return 'pay_to_blocked'
  if (isBlocked(1)) return 'till_blocked'
  return isBlocked(2) ? 'channel_contract_blocked' : undefined
}

/** A token that is silent has no such switch. */
const isAboveZero = (answer: Hex | undefined) => answer?.length === 66 && BigInt(answer) > 0n

function isTheSame({
  asset,
  decimals,
  separator,
}: {
  asset: Asset
  decimals: Hex | undefined
  separator: Hex | undefined
}): boolean {
  const { eip712 } = asset
  if (decimals?.length !== 66 || BigInt(decimals) !== BigInt(asset.decimals)) return false
  return eip712 === undefined || separator === tokenSeparator({ asset, eip712 })
}
