import { CEILING, stranger } from '../fake-server/terms.ts'
import { changedDemands, corrective, demandsForPayments, eachOffer, readDemand } from './change-demand.ts'
import type { Lie } from './lie.ts'

/** Lies of the 402: what it asks for, how often, and what it says of the channel. */
export const LIES_IN_DEMANDS: readonly Lie[] = [
  {
    lie: 'a second, dearer 402 after the payment',
    between: demandsForPayments(eachOffer((offer) => ({ ...offer, amount: '900000' }))),
    verdict: 402,
    most: CEILING,
  },
  {
    lie: 'a 402 for every payment, without end',
    between: demandsForPayments((required) => required),
    verdict: 402,
    most: CEILING,
  },
  {
    lie: 'corrective 402s without end',
    between: demandsForPayments(corrective({ balance: '1000000', chargedCumulativeAmount: '0' })),
    honestCalls: 1,
    verdict: 402,
    most: CEILING,
  },
  {
    lie: 'a corrective 402 that also asks for a dearer call',
    between: demandsForPayments(
      corrective({ balance: '1000000', chargedCumulativeAmount: '0' }, { amount: '900000' }),
    ),
    honestCalls: 1,
    verdict: 402,
    most: CEILING,
  },
  {
    lie: 'a corrective 402 with a sum that was never signed',
    between: demandsForPayments(corrective({ balance: '1000000', chargedCumulativeAmount: '900000' })),
    honestCalls: 1,
    verdict: 'forged_proof',
    most: CEILING,
  },
  {
    lie: 'a corrective 402 that denies the deposit',
    between: demandsForPayments(corrective({ balance: '0', chargedCumulativeAmount: '0' })),
    honestCalls: 1,
    verdict: 402,
    most: CEILING,
    deposits: 1,
  },
  {
    lie: 'another token',
    between: changedDemands(eachOffer((offer) => ({ ...offer, asset: stranger.address.toLowerCase() }))),
    verdict: 'asset',
    most: 0n,
  },
  {
    lie: 'another network',
    between: changedDemands(eachOffer((offer) => ({ ...offer, network: 'eip155:1' }))),
    options: { networks: ['eip155:84532'] },
    verdict: 'network',
    most: 0n,
  },
  {
    lie: 'one price in the header and another in the body',
    between: async (exchange) => {
      const response = await exchange.answer()
      if (response.status !== 402) return response
      const header = response.headers.get('payment-required') ?? ''
      const exact = readDemand(header).accepts.find(({ scheme }) => scheme === 'exact')
      const shown = { ...exact, network: 'base-sepolia', maxAmountRequired: '1' }
      const body = { x402Version: 1, accepts: [shown] }
      return Response.json(body, { status: 402, headers: { 'payment-required': header } })
    },
    verdict: 'offers_disagree',
    most: 0n,
  },
  {
    lie: 'a header of a megabyte',
    between: changedDemands((required) => ({ ...required, error: 'x'.repeat(1_000_000) })),
    verdict: 402,
    most: 0n,
  },
  {
    lie: 'a header that nests a hundred thousand deep',
    between: () => {
      const header = Buffer.from('['.repeat(40_000)).toString('base64')
      return Promise.resolve(Response.json({}, { status: 402, headers: { 'payment-required': header } }))
    },
    verdict: 402,
    most: 0n,
  },
  {
    lie: 'offers of amounts that are none',
    between: changedDemands(eachOffer((offer) => ({ ...offer, amount: '-10000' }))),
    verdict: 402,
    most: 0n,
  },
]
