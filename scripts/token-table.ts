import { NETWORK_NAMES, TOKENS, type Token } from '../src/payment/tokens/tokens.ts'
import { checksumAddress } from '../src/payment/hex.ts'

const code = (text: string) => `\`${text}\``

function domainOf({ eip712, transfer }: Token): string {
  if (eip712) return `${code(eip712.name)}, version ${eip712.version}${eip712.isSalted ? ', salt' : ''}`
  return transfer === 'eip3009' ? 'read at the start' : 'none'
}

export const TOKEN_HEADS = [
  'network',
  'token',
  'address',
  'decimals',
  'paid by',
  'EIP-712 domain',
  'separator on chain',
  'read in',
  'note',
]

/** One row per token, in the order of the table. */
export const tokenRows = (): readonly (readonly string[])[] =>
  TOKENS.map((token) => [
    `${NETWORK_NAMES[token.network]} ${code(token.network)}`,
    token.symbol,
    code(checksumAddress(token.address)),
    `${token.decimals}`,
    token.transfer === 'eip3009' ? 'EIP-3009' : 'Permit2',
    domainOf(token),
    token.separator === undefined ? 'not compared' : `${code(`${token.separator}…`)} matches`,
    `${token.source}, ${token.readOn}`,
    token.note ?? '',
  ])
