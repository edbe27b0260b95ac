import { expect, test } from 'vitest'
import { ACCOUNTS } from '../../../../src/ledger/accounts.ts'
import { channelWithdrawn, claimFinal, settleFinal } from '../../../../src/ledger/entries.ts'
import {
  captureOf,
  channelNamed,
  configOf,
  hex,
  LEDGER,
  NETWORK,
  NOW_MS,
  openChannelWith,
  USDC,
  voucherAdmissionOf,
} from '../../../support/calls.ts'
import type { Books } from '../../../support/memory/open-memory-storage.ts'
import { appendTransaction } from '../../../support/settlements.ts'
import { brokenInvariants } from '../stores.ts'
import { balancesOf, money } from './money.ts'

/** What leaves a channel without its payer asking: withdrawals on the chain, and claims. */
export function testChannels(storage: () => Books): void {
  const balanceOf = balancesOf(storage)

  test('what has gone from the chain is taken from a channel at rest only, and charges above it are written off', async () => {
    await openChannelWith(storage(), 'rest', 1_000n)
    const channelId = channelNamed('rest')
    const account = { ledger: LEDGER, account: ACCOUNTS.channel(channelId) }
    const admission = voucherAdmissionOf({ channel: 'rest', max: 700n, ceiling: 700n })
    expect((await storage().calls.admit(admission)).kind).toBe('admitted')
    const gone = { ...money, channelId, amountAtomic: 1_000n }
    const take = (availableAtomic: bigint) =>
      storage().settlement.commit({
        atRest: { ...account, availableAtomic },
        entries: [channelWithdrawn({ ...gone, subject: `rest ${availableAtomic}`, availableAtomic })],
        effects: [],
      })
    expect(await take(300n), 'a call is held').toBe(false)
    await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 600n }))
    expect(await take(300n), 'another amount').toBe(false)
    const rows = [{ channelId, totalClaimed: '600', delta: '600' }]
    const purpose = { kind: 'claim', asset: USDC, rows } as const
    await appendTransaction(storage(), { id: 'rest-claim', purpose, effects: [] })
    expect(await take(400n), 'a claim is on its way').toBe(false)
    await storage().settlement.commit({
      transaction: { id: 'rest-claim', from: ['signed'], to: 'failed', error: 'reverted' },
      entries: [],
      effects: [],
    })
    const lostBefore = await balanceOf(ACCOUNTS.badDebt)
    expect(await take(400n)).toBe(true)
    expect((await balanceOf(ACCOUNTS.badDebt)) - lostBefore).toBe(600n)
    expect(await storage().calls.getChannel({ network: NETWORK, channelId })).toMatchObject({
      balanceAtomic: 0n,
      chargedAtomic: 0n,
      heldAtomic: 0n,
    })
    expect(await brokenInvariants(storage())).toEqual([])
  })

  test('a claim covers the calls charged before it, and its money is settled once', async () => {
    await openChannelWith(storage(), 'claim', 10_000n)
    const channelId = channelNamed('claim')
    const serve = async (max: bigint, charge: bigint) => {
      const admission = voucherAdmissionOf({ channel: 'claim', max, ceiling: 100n })
      expect((await storage().calls.admit(admission)).kind).toBe('admitted')
      await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: charge }))
      return admission.callId
    }
    const [first, second] = [await serve(100n, 40n), await serve(140n, 50n)]
    const due = await storage().due.listClaimableChannels({ network: NETWORK, limit: 10 })
    expect(due).toEqual([
      {
        id: channelId,
        network: NETWORK,
        config: configOf('claim'),
        chargedAtomic: 90n,
        heldAtomic: 0n,
        claimedAtomic: 0n,
        claimingAtomic: 0n,
        highest: { maxAtomic: 140n, signature: hex(32, 'claim 140') },
        oldestUnclaimedAtMs: NOW_MS + 900,
        withdrawRequestedAt: 0,
      },
    ])
    const rows = [{ channelId, totalClaimed: '90', delta: '90' }]
    const purpose = { kind: 'claim', asset: USDC, rows } as const
    const claim = await appendTransaction(storage(), { id: 'claim-1', purpose, effects: [] })
    const third = await serve(190n, 60n)
    const stateOf = async (callId: string) => (await storage().calls.getCall(callId))?.state
    expect([await stateOf(first), await stateOf(second), await stateOf(third)]).toEqual([
      'signed',
      'signed',
      'captured',
    ])
    expect((await storage().calls.getCall(second))?.transaction).toBe(claim.hash)
    const claiming = await storage().due.getChannelForClaim({ network: NETWORK, channelId })
    expect([claiming?.chargedAtomic, claiming?.claimingAtomic]).toEqual([150n, 90n])
    await storage().settlement.commit({
      transaction: { id: 'claim-1', from: ['signed'], to: 'final' },
      entries: [
        claimFinal({ ...money, amountAtomic: 90n, channelId, subject: 'claim-1', transactionId: 'claim-1' }),
      ],
      effects: [{ kind: 'channel-claimed', id: channelId, claimedAtomic: 90n }],
    })
    expect([await stateOf(first), await stateOf(third)]).toEqual(['final', 'captured'])
    expect(await storage().due.listClaimedFunds({ network: NETWORK })).toEqual([
      { asset: USDC, amountAtomic: 90n },
    ])
    const settle = { kind: 'settle', asset: USDC, amount: '90' } as const
    await appendTransaction(storage(), { id: 'settle-1', purpose: settle, effects: [] })
    expect(await storage().due.listClaimedFunds({ network: NETWORK })).toEqual([])
    await storage().settlement.commit({
      transaction: { id: 'settle-1', from: ['signed'], to: 'final' },
      entries: [settleFinal({ ...money, amountAtomic: 90n, subject: 'settle-1', transactionId: 'settle-1' })],
      effects: [],
    })
    expect(await storage().due.listClaimedFunds({ network: NETWORK })).toEqual([])
    const after = await storage().due.listClaimableChannels({ network: NETWORK, limit: 10 })
    expect(after.map((row) => [row.id, row.chargedAtomic - row.claimedAtomic])).toEqual([[channelId, 60n]])
  })
}
