import { CORRECTIVE_ERROR } from '../../payment/offers/corrective.ts'
import type { Hex } from '../../payment/types.ts'
import { decodeChallenge, readCorrective, type CorrectiveState } from '../wire/challenge.ts'
import type { Ticket } from './channel-book.ts'
import { ReceiptError } from '../wire/errors.ts'
import type { LiveChannel } from './live-channel.ts'
import { voucherData } from '../wire/typed-data.ts'

const BELOW_CLAIMED = 'invalid_batch_settlement_evm_cumulative_below_claimed'

/** What a 402 says of this channel, where it asks for another voucher. A receipt beside it would make it an answer. */
export function correctiveOf({
  response,
  channel,
}: {
  response: Response
  channel: LiveChannel
}): CorrectiveState | undefined {
  if (response.status !== 402 || response.headers.has('payment-response')) return undefined
  const challenge = decodeChallenge(response.headers.get('payment-required'))
  if (challenge?.error !== CORRECTIVE_ERROR && challenge?.error !== BELOW_CLAIMED) return undefined
  const states = challenge.offers
    .filter(({ scheme, network }) => scheme === 'batch-settlement' && network === channel.network)
    .flatMap((offer) => readCorrective(offer) ?? [])
  return states.find(({ channelId }) => channelId === channel.channelId)
}

/** viem is loaded only here: a wallet that remembers its own highest voucher never needs to recover a signer. */
async function isSignedBy({
  channel,
  proof,
}: {
  channel: LiveChannel
  proof: NonNullable<CorrectiveState['proof']>
}): Promise<boolean> {
  const { signature, signedAtomic } = channel.book.state()
  if (proof.maxAtomic === signedAtomic && proof.signature.toLowerCase() === signature?.toLowerCase())
    return true
  const { recoverTypedDataAddress } = await import('viem')
  const { channelId, network } = channel
  try {
    const signer = await recoverTypedDataAddress({
      ...voucherData({ channelId, maxAtomic: proof.maxAtomic, network }),
      signature: proof.signature as Hex,
    })
    return signer.toLowerCase() === channel.config.payerAuthorizer
  } catch {
    return false
  }
}

/**
 * Goes on from the sum that a corrective 402 tells, but only up to what this wallet has verifiably signed before.
 *
 * @throws ReceiptError `forged_proof` where the voucher shown is not this wallet's, or does not cover the sum.
 */
export async function applyCorrective({
  corrective,
  channel,
  ticket,
}: {
  corrective: CorrectiveState
  channel: LiveChannel
  ticket: Ticket
}): Promise<void> {
  const { committedAtomic, proof, balanceAtomic, chargedAtomic, heldAtomic, publishedAtomic } = corrective
  const isProven = proof
    ? proof.maxAtomic >= committedAtomic && (await isSignedBy({ channel, proof }))
    : committedAtomic <= channel.book.state().signedAtomic
  if (!isProven) {
    throw new ReceiptError(
      'forged_proof',
      `The server says that ${committedAtomic} atomic units are charged or held, without a voucher of this wallet for it.`,
      channel.channelId,
    )
  }
  channel.book.correct({
    ticket,
    committedAtomic,
    balanceAtomic,
    ...(proof ? { provenAtomic: proof.maxAtomic } : {}),
    ...(chargedAtomic === undefined ? {} : { chargedAtomic }),
    ...(heldAtomic === undefined ? {} : { heldAtomic }),
    ...(publishedAtomic === undefined ? {} : { publishedAtomic }),
  })
}
