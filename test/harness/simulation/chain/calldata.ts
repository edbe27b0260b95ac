import type { Address, Deposit, Hex } from '../../../../src/payment/types.ts'
import type { SchemeCalldata } from '../../../../src/settlement/ports.ts'
import type { ClaimRow, FundingAuthorization } from '../../../../src/settlement/types.ts'
import type { ClaimOperation, Operation, Permission } from './operations.ts'

/** The nonces of a payer, in the contracts that keep them. */
export const tokenNonce = (token: Address, payer: Address, nonce: Hex) => `eip3009 ${token} ${payer} ${nonce}`
export const permit2Nonce = (payer: Address, nonce: bigint | string) => `permit2 ${payer} ${nonce}`

type Signed = Deposit | Extract<FundingAuthorization, { kind: 'exact' }>

export function permissionOf(token: Address, payer: Address, signed: Signed): Permission {
  if (signed.method === 'eip3009') {
    const { validAfter, validBefore, nonce } = signed
    return { nonce: tokenNonce(token, payer, nonce), validAfter, validBefore, isPermit2: false }
  }
  const nonce = permit2Nonce(payer, signed.nonce)
  if ('deadline' in signed) return { nonce, validAfter: 0, validBefore: signed.deadline + 1, isPermit2: true }
  return { nonce, validAfter: signed.validAfter, validBefore: signed.validBefore + 1, isPermit2: true }
}

const claimOf = ({ channelId, config, voucher, totalClaimedAtomic }: ClaimRow): ClaimOperation => ({
  channelId,
  token: config.token,
  totalClaimed: totalClaimedAtomic,
  voucherMax: voucher.maxAtomic,
})

/** Calldata by number: what is in the bytes of a real transaction outlives every process. */
export function createCalldata({ payTo, till, signer }: { payTo: Address; till: Address; signer: Address }) {
  const contents: Operation[] = []
  const encode = (operation: Operation) => {
    contents.push(operation)
    return { to: payTo, data: `0x${contents.length - 1}` as Hex }
  }
  const calldata: SchemeCalldata = {
    deposit: ({ asset: token, payer, amountAtomic: amount, channel, authorization }) => {
      if (authorization.kind !== 'deposit' || !channel) throw new RangeError('Not a deposit.')
      const permission = permissionOf(token, payer, authorization.deposit)
      return encode({ kind: 'deposit', token, payer, amount, channelId: channel.id, permission })
    },
    exact: ({ asset: token, payer, amountAtomic: amount, authorization }) => {
      if (authorization.kind !== 'exact') throw new RangeError('Not an exact payment.')
      const permission = permissionOf(token, payer, authorization)
      return encode({ kind: 'pay', token, payer, to: till, amount, permitted: amount, permission })
    },
    upto: ({ asset: token, payer, amountAtomic: amount, authorization }) => {
      const permitted = BigInt(authorization.permittedAtomic)
      if (amount > permitted) throw new RangeError('The charge exceeds what the payer permitted.')
      const { validAfter, deadline, nonce } = authorization
      const permission = {
        nonce: permit2Nonce(payer, nonce),
        validAfter,
        validBefore: deadline + 1,
        isPermit2: true,
      }
      const who = { token, payer, to: payTo, facilitator: signer }
      return encode({ kind: 'pay', ...who, amount, permitted, permission })
    },
    claim: (rows) => encode({ kind: 'claim', rows: rows.map(claimOf) }),
    settle: ({ asset }) => encode({ kind: 'settle', token: asset }),
    channelRefund: ({ claim, config, channelId, amountAtomic: amount, refundNonce: nonce }) =>
      encode({
        kind: 'refund',
        ...(claim ? { claim: claimOf(claim) } : {}),
        channelId,
        token: config.token,
        payer: config.payer,
        amount,
        nonce,
      }),
    transfer: ({ asset: token, to, amountAtomic: amount }) => encode({ kind: 'transfer', token, to, amount }),
  }
  const decode = (data: Hex): Operation => {
    const operation = contents[Number(data.slice(2))]
    if (!operation) throw new RangeError('Unknown calldata.')
    return operation
  }
  return { calldata, decode }
}
