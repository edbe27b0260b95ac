import type { Receipt } from '../../../../src/payment/receipts/receipt.ts'
import { withExtra, withState } from '../change-receipt.ts'
import type { Behaviour } from '../fake-server/behaviour.ts'
import { CEILING, stranger } from '../fake-server/terms.ts'
import type { Lie } from './lie.ts'

/** The first call's receipt is true. */
const afterTheFirst = (change: (receipt: Receipt) => Receipt): Behaviour => ({
  changeReceipt: (receipt, index) => (index === 0 ? receipt : change(receipt)),
})

/** Lies of the receipt: whose it is, what was charged, and what is left. */
export const LIES_IN_RECEIPTS: readonly Lie[] = [
  {
    lie: 'a deposit that is denied in every receipt',
    server: { changeReceipt: (receipt) => withState({ ...receipt, transaction: '' }, { balance: '0' }) },
    honestCalls: 1,
    verdict: 200,
    most: CEILING,
    deposits: 1,
  },
  {
    lie: 'a balance higher than all deposits',
    server: { changeReceipt: (receipt) => withState(receipt, { balance: '999999999' }) },
    honestCalls: 1,
    verdict: 200,
    most: CEILING,
    deposits: 1,
  },
  {
    lie: 'a charge above the ceiling',
    server: afterTheFirst((receipt) => withExtra(receipt, { chargedAmount: '10001' })),
    honestCalls: 1,
    verdict: 'charge_above_ceiling',
    most: CEILING,
  },
  {
    lie: 'more charged in all than was signed',
    server: afterTheFirst((receipt) => withState(receipt, { chargedCumulativeAmount: '900000' })),
    honestCalls: 1,
    verdict: 'charged_above_signed',
    most: CEILING,
  },
  {
    lie: 'more charged in all than its receipts say, though no more than was signed',
    server: { changeReceipt: (receipt) => withState(receipt, { chargedCumulativeAmount: '9999' }) },
    honestCalls: 1,
    verdict: 'channel_stopped',
    most: 0n,
  },
  {
    lie: 'the receipt of another channel',
    server: afterTheFirst((receipt) => withState(receipt, { channelId: `0x${'ab'.repeat(32)}` })),
    honestCalls: 1,
    verdict: 'foreign_channel',
    most: CEILING,
  },
  {
    lie: 'the receipt of another payer',
    server: afterTheFirst((receipt) => ({ ...receipt, payer: stranger.address })),
    honestCalls: 1,
    verdict: 'foreign_payer',
    most: CEILING,
  },
  {
    lie: 'the receipt of another network',
    server: afterTheFirst((receipt) => ({ ...receipt, network: 'eip155:8453' })),
    honestCalls: 1,
    verdict: 'foreign_network',
    most: CEILING,
  },
  {
    lie: 'the receipt of another call',
    server: afterTheFirst((receipt) => withExtra(receipt, { callId: 'call_77' })),
    honestCalls: 1,
    verdict: 'foreign_call',
    most: CEILING,
  },
  {
    lie: 'a receipt that is none',
    between: async (exchange) => {
      const response = await exchange.answer()
      if (exchange.isPaid) response.headers.set('payment-response', '%%%')
      return response
    },
    verdict: 'malformed',
    most: CEILING,
  },
  {
    lie: 'no receipt, and no word of the call either',
    server: { forgetsReceipt: () => true },
    between: (exchange) =>
      exchange.url.includes('/v1/calls/')
        ? Promise.resolve(Response.json({}, { status: 404 }))
        : exchange.answer(),
    verdict: 200,
    most: CEILING,
  },
]
