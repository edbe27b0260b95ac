import { expect, test } from 'vitest'
import { ACCOUNTS, nativeLedger } from '../../../../src/ledger/accounts.ts'
import { depositFinal, depositSeen, gasPaid } from '../../../../src/ledger/entries.ts'
import { channelNamed, configOf, NETWORK, NOW_MS, USDC } from '../../../support/calls.ts'
import type { Books } from '../../../support/memory/open-memory-storage.ts'
import { appendTransaction, depositFunding, SIGNER } from '../../../support/settlements.ts'
import { balancesOf, money } from './money.ts'

/** How a payer’s money comes in: reserved, sent, seen, final, and back after a reorganisation. */
export function testFundings(storage: () => Books): void {
  const balanceOf = balancesOf(storage)

  test('a funding is reserved once, whoever asks, and comes back as it was', async () => {
    const funding = depositFunding('f1')
    expect(await storage().settlement.reserveFunding(funding)).toEqual({
      isNew: true,
      funding: { ...funding, atMs: NOW_MS, state: 'reserved' },
    })
    const again = await storage().settlement.reserveFunding({ ...funding, id: 'another' })
    expect(again).toEqual({ isNew: false, funding: { ...funding, atMs: NOW_MS, state: 'reserved' } })
    const query = { network: NETWORK, state: 'reserved', limit: 10 } as const
    expect(await storage().settlement.listFundings(query)).toEqual([
      { ...funding, atMs: NOW_MS, state: 'reserved' },
    ])
    expect(await storage().settlement.getFunding('nothing')).toBeUndefined()
  })

  test('a deposit goes from signed to seen to final, and each step happens once', async () => {
    const [funding] = await storage().settlement.listFundings({
      network: NETWORK,
      state: 'reserved',
      limit: 1,
    })
    if (!funding) throw new Error('The test before this one leaves a funding.')
    const channelId = channelNamed('f1')
    const fundingId = funding.id
    const amountAtomic = funding.amountAtomic
    const purpose = {
      kind: 'deposit',
      fundingId,
      asset: USDC,
      payer: funding.payer,
      amount: '5000',
      channelId,
    } as const
    const signed = { kind: 'funding', id: fundingId, state: 'signed' } as const
    const row = await appendTransaction(storage(), { id: 'deposit-1', purpose, effects: [signed] })
    expect(row).toMatchObject({ nonce: 41, state: 'signed', purpose, lane: SIGNER })
    expect(await appendTransaction(storage(), { id: 'deposit-1', purpose, effects: [signed] })).toEqual(row)
    await expect(
      appendTransaction(storage(), { id: 'deposit-2', purpose, effects: [signed] }),
    ).rejects.toThrow('may not be signed again')
    const seen = {
      transaction: { id: 'deposit-1', from: ['signed'], to: 'seen', blockNumber: 9n, blockHash: '0x09' },
      entries: [
        depositSeen({ ...money, amountAtomic, subject: fundingId, channelId, transactionId: 'deposit-1' }),
      ],
      effects: [
        { kind: 'channel-opened', id: channelId, network: NETWORK, config: configOf('f1') },
        { kind: 'funding', id: fundingId, state: 'seen' },
      ],
    } as const
    expect(await storage().settlement.commit(seen)).toBe(true)
    expect(await storage().settlement.commit(seen)).toBe(false)
    expect(
      await storage().settlement.commit({ ...seen, transaction: { ...seen.transaction, from: ['failed'] } }),
    ).toBe(false)
    expect((await storage().calls.getChannel({ network: NETWORK, channelId }))?.balanceAtomic).toBe(5000n)
    // A reorg: signed again, and seen again without a second credit.
    const back = { id: 'deposit-1', from: ['seen'], to: 'signed' } as const
    expect(await storage().settlement.commit({ transaction: back, entries: [], effects: [] })).toBe(true)
    expect(await storage().settlement.commit(seen)).toBe(true)
    expect((await storage().calls.getChannel({ network: NETWORK, channelId }))?.balanceAtomic).toBe(5000n)
    expect(
      await storage().settlement.commit({
        transaction: {
          id: 'deposit-1',
          from: ['seen'],
          to: 'final',
          gasUsed: 21_000n,
          effectiveGasPriceWei: 7n,
        },
        entries: [
          depositFinal({ ...money, amountAtomic, subject: fundingId }),
          gasPaid({ network: NETWORK, lane: 'signer', transactionId: 'deposit-1', amountWei: 147_000n }),
        ],
        effects: [{ kind: 'funding', id: fundingId, state: 'final' }],
      }),
    ).toBe(true)
    expect(await storage().settlement.getFunding(fundingId)).toEqual({
      ...funding,
      state: 'final',
      transactionId: 'deposit-1',
      transactionHash: row.hash,
    })
    expect(await balanceOf(ACCOUNTS.channels)).toBe(5000n)
    expect(await balanceOf(ACCOUNTS.clearing)).toBe(0n)
    expect(await balanceOf(ACCOUNTS.signer, nativeLedger(NETWORK))).toBe(-147_000n)
  })
}
