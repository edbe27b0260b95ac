import type { TypedData } from '../../../src/client/wire/wallet.ts'
import type { Hex } from '../../../src/payment/types.ts'
import { account } from './fake-server/terms.ts'

/** Adds up what a wallet has put its name to. */
export function watchedWallet() {
  const vouchers = new Map<unknown, bigint>()
  let transfers = 0n
  const deposits: bigint[] = []
  const note = ({ primaryType, message }: TypedData) => {
    if (primaryType === 'Voucher') {
      const { channelId, maxClaimableAmount } = message as { channelId: Hex; maxClaimableAmount: bigint }
      const highest = vouchers.get(channelId) ?? 0n
      if (maxClaimableAmount > highest) vouchers.set(channelId, maxClaimableAmount)
    } else if (primaryType === 'ReceiveWithAuthorization') deposits.push(message['value'] as bigint)
    else if (primaryType === 'TransferWithAuthorization') transfers += message['value'] as bigint
    else if (primaryType === 'PermitWitnessTransferFrom') {
      transfers += (message['permitted'] as { amount: bigint }).amount
    } else throw new Error(`something else was signed: ${primaryType}`)
  }
  return {
    wallet: {
      address: account.address,
      signTypedData(data: TypedData) {
        note(data)
        return account.signTypedData(data)
      },
    },
    signedAway: () => [...vouchers.values()].reduce((sum, max) => sum + max, transfers),
    deposits,
  }
}
