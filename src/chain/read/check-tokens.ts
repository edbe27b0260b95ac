import { decodeFunctionResult, encodeFunctionData } from 'viem'
import type { Hex } from 'viem'
import { tokenSeparator } from '../../payment/signing/token-domain.ts'
import type { Asset, TokenDomain } from '../../payment/types.ts'
import { erc20Abi, issuerAbi } from '../abi.ts'
import { multicall } from '../multicall.ts'
import { readHex } from '../rpc.ts'
import type { Rpc } from '../rpc.ts'

export type TokenCheck =
  /** `asset` has the domain that the token itself states, where the row has none and payers have to sign it. */
  | { readonly asset: Asset; readonly ok: true }
  | { readonly asset: Asset; readonly ok: false; readonly problem: string; readonly fix: string }

type Finding = { readonly problem: string; readonly fix: string }

/** What a token says about itself, undefined where it is silent. */
type TokenTruth = {
  readonly hasCode: boolean
  readonly decimals: bigint | undefined
  readonly separator: Hex | undefined
  readonly name: string | undefined
  readonly version: string | undefined
}

/**
 * Compares the operator's table of tokens with the chain. Two requests per token, which all travel together.
 *
 * A wrong number of decimals misprices a millionfold, and a wrong domain makes every signature invalid. What an issuer may
 * switch on and off (a pause, a fee, a block) is a state and not looked at here: see read-suspensions.
 *
 * @returns one row per asset, in order.
 * @throws RpcError where the chain cannot be asked; a token that cannot be taken is a row, not an error.
 */
export async function checkTokens(query: {
  rpc: Rpc
  assets: readonly Asset[]
}): Promise<readonly TokenCheck[]> {
  const { rpc, assets } = query
  return Promise.all(
    assets.map(async (row): Promise<TokenCheck> => {
      const truth = await readTruth({ rpc, asset: row })
      const asset = withDomain({ asset: row, truth })
      const finding = findingOf({ asset, truth })
      return finding ? { asset, ok: false, ...finding } : { asset, ok: true }
    }),
  )
}

async function readTruth({ rpc, asset }: { rpc: Rpc; asset: Asset }): Promise<TokenTruth> {
  const datas = [
    encodeFunctionData({ abi: erc20Abi, functionName: 'decimals' }),
    encodeFunctionData({ abi: issuerAbi, functionName: 'DOMAIN_SEPARATOR' }),
    encodeFunctionData({ abi: issuerAbi, functionName: 'name' }),
    encodeFunctionData({ abi: issuerAbi, functionName: 'version' }),
  ]
  const [code, [decimals, separator, name, version]] = await Promise.all([
    rpc.request('eth_getCode', [asset.address, 'latest']),
    multicall({ rpc, calls: datas.map((data) => ({ to: asset.address, data })) }),
  ])
  return {
    hasCode: readHex({ value: code, method: 'eth_getCode' }).length > 2,
    decimals: wordOf(decimals),
    separator: separator?.length === 66 ? separator : undefined,
    name: textOf(name),
    version: textOf(version),
  }
}

const wordOf = (data: Hex | undefined) => (data?.length === 66 ? BigInt(data) : undefined)

function textOf(data: Hex | undefined): string | undefined {
  if (data === undefined) return undefined
  try {
    return decodeFunctionResult({ abi: issuerAbi, functionName: 'name', data })
  } catch {
    return undefined
  }
}

function findingOf({ asset, truth }: { asset: Asset; truth: TokenTruth }): Finding | undefined {
  const { symbol, network, address } = asset
  if (!truth.hasCode) {
    return {
      problem: `There is no contract at ${address} on ${network}.`,
      fix: `Correct the address of ${symbol}, or the RPC of ${network}.`,
    }
  }
  if (truth.decimals !== BigInt(asset.decimals)) {
    const said = truth.decimals === undefined ? 'does not say its decimals' : `has ${truth.decimals} decimals`
    return {
      problem: `${symbol} on ${network} ${said}; the table says ${asset.decimals}.`,
      fix:
        truth.decimals === undefined
          ? `Take ${symbol} off the table: ${address} is no ERC-20 token.`
          : `Set its decimals to ${truth.decimals}.`,
    }
  }
  return domainFinding({ asset, truth })
}

/** The row with the domain of name() and version(), where it needs one, has none, and the token's own separator is made of these. */
function withDomain({ asset, truth }: { asset: Asset; truth: TokenTruth }): Asset {
  if (asset.transfer !== 'eip3009' || asset.eip712 !== undefined) return asset
  const { name, version, separator } = truth
  if (name === undefined || version === undefined) return asset
  const eip712: TokenDomain = { name, version }
  return tokenSeparator({ asset, eip712 }) === separator ? { ...asset, eip712 } : asset
}

function domainFinding({ asset, truth }: { asset: Asset; truth: TokenTruth }): Finding | undefined {
  const { symbol, network, eip712 } = asset
  const byPermit2 = 'set its transfer to permit2'
  if (asset.transfer === 'eip3009' && eip712 === undefined) {
    return {
      problem: `${symbol} on ${network} is to be paid by EIP-3009, has no EIP-712 domain in the table, and states none that fits its separator.`,
      fix: `Add its EIP-712 name and version, or ${byPermit2}.`,
    }
  }
  if (eip712 === undefined || truth.separator === tokenSeparator({ asset, eip712 })) return undefined
  const problem = `The EIP-712 domain of ${symbol} on ${network} is not name "${eip712.name}", version "${eip712.version}"${eip712.isSalted ? ', salted' : ''}.`
  const said = [truth.name && `name "${truth.name}"`, truth.version && `version "${truth.version}"`]
  const hint = said.filter(Boolean).join(' and ')
  const otherwise = asset.transfer === 'permit2' ? 'leave its domain out: Permit2 needs none' : byPermit2
  return {
    problem,
    fix: hint
      ? `The token itself says ${hint}: set these, or ${otherwise}.`
      : `Correct its name and version, or ${otherwise}.`,
  }
}
