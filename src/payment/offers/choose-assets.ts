import { assetOf, TOKENS } from '../tokens/tokens.ts'
import type { Asset, Network } from '../types.ts'

/** One entry of the operator's choice: a network, and a symbol or an address on it. */
export type TokenName = { readonly network: Network; readonly token: string }

/**
 * The tokens that a server takes, in the order in which they are offered: by network, in the order of the operator's list; within one
 * as the table has them, the operator's own last. A row of the operator at an address of the table stands in that row's place.
 *
 * @param own rows of the operator's file; those of other networks are left out.
 * @param chosen these alone, in this order. What somebody has named has to be right: an unconfirmed row is then not left out in
 *   silence but stops the start.
 * @example chooseAssets({ networks: ['eip155:8453'], own: [], chosen: [{ network: 'eip155:8453', token: 'USDC' }] })
 */
export function chooseAssets({
  networks,
  own,
  chosen,
}: {
  networks: readonly Network[]
  own: readonly Asset[]
  chosen: readonly TokenName[] | undefined
}): { readonly assets: readonly Asset[]; readonly problems: readonly string[] } {
  const known = networks.flatMap((network) => assetsOn({ network, own }))
  if (chosen === undefined) return { assets: known, problems: [] }
  const picks = chosen.map((name) => ({ name, found: known.filter((asset) => isNamed({ asset, name })) }))
  const problems = picks.flatMap(({ name, found }) => {
    if (found.length > 1) return [`${textOf(name)} names ${found.length} tokens: use an address.`]
    return found.length === 0 ? [unknownToken({ name, known, networks })] : []
  })
  const assets = picks.flatMap(({ found }) => found.slice(0, 1)).map(demanded)
  return { assets: [...new Map(assets.map((asset) => [keyOf(asset), asset])).values()], problems }
}

function assetsOn({ network, own }: { network: Network; own: readonly Asset[] }): readonly Asset[] {
  const rows = [...TOKENS.map(assetOf), ...own].filter((asset) => asset.network === network)
  return [...new Map(rows.map((asset) => [asset.address, asset])).values()]
}

const keyOf = ({ network, address }: Asset) => `${network} ${address}`

const isNamed = ({ asset, name }: { asset: Asset; name: TokenName }) =>
  asset.network === name.network &&
  (asset.symbol === name.token || asset.address === name.token.toLowerCase())

const textOf = ({ network, token }: TokenName) => `${network}/${token}`

function unknownToken({
  name,
  known,
  networks,
}: {
  name: TokenName
  known: readonly Asset[]
  networks: readonly Network[]
}): string {
  if (!networks.includes(name.network))
    return `${textOf(name)}: ${name.network} is not a network that is taken.`
  const symbols = known.filter(({ network }) => network === name.network).map(({ symbol }) => symbol)
  const others = symbols.length === 0 ? 'none is known there' : `known there: ${symbols.join(', ')}`
  return `${textOf(name)} is not a token of the table; ${others}. Add a row to the operator's file.`
}

const demanded = ({ isUnconfirmed: _isUnconfirmed, ...asset }: Asset): Asset => asset
