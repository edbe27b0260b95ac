import { describe, expect, test } from 'vitest'
import { ACCOUNTS, nativeLedger } from '../../../src/ledger/accounts.ts'
import {
  channelRefundFailed,
  channelRefundSeen,
  channelWithdrawn,
  claimFinal,
  creditRefundFailed,
  creditRefundSeen,
  depositFinal,
  depositSeen,
  exactFinal,
  gasPaid,
  settleFinal,
  sweepFinal,
  uptoFinal,
  uptoSeen,
  withdrawalFeeFailed,
  withdrawalFeeSeen,
} from '../../../src/ledger/entries.ts'
import { trialBalance } from '../../../src/ledger/trial-balance.ts'
import {
  admissionOf,
  captureOf,
  channelNamed,
  configOf,
  giveCredit,
  hex,
  LEDGER,
  NETWORK,
  NOW_MS,
  openChannelWith,
  payerNamed,
  USDC,
  voucherAdmissionOf,
} from '../../support/calls.ts'
import type { Storage } from '../../../src/storage/open-storage.ts'
import { appendTransaction, depositFunding, SIGNER, TILL } from '../../support/settlements.ts'
import { ALL_KINDS, brokenInvariants, useBooks } from './stores.ts'

const money = { network: NETWORK, asset: USDC }

describe.each(ALL_KINDS)('settlement on %s', (kind) => {
  const storage = useBooks(kind)
  const balanceOf = (account: string, ledger = LEDGER) => storage().balances.getBalance({ ledger, account })

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

  test('transactions of a lane signed at the same time have neighbouring nonces', async () => {
    const rows = await Promise.all(
      ['s1', 's2', 's3', 's4'].map((id) =>
        appendTransaction(storage(), {
          id,
          lane: TILL,
          purpose: { kind: 'sweep', asset: hex(20, id), amount: '1' },
          effects: [],
        }),
      ),
    )
    expect(rows.map(({ nonce }) => nonce).sort((a, b) => a - b)).toEqual([41, 42, 43, 44])
    const listed = await storage().settlement.listTransactions({
      network: NETWORK,
      states: ['signed'],
      limit: 10,
    })
    expect(listed.map(({ nonce }) => nonce)).toEqual([41, 42, 43, 44])
    for (const id of ['s1', 's2', 's3', 's4']) {
      await storage().settlement.commit({
        transaction: { id, from: ['signed'], to: 'final' },
        entries: [sweepFinal({ ...money, amountAtomic: 1n, transactionId: id })],
        effects: [],
      })
    }
    expect(await balanceOf(ACCOUNTS.payTo)).toBe(4n)
  })

  test('what the till has too much is swept by one transaction at a time', async () => {
    const other = hex(20, 'another token')
    const sweepIt = (id: string) => {
      const purpose = { kind: 'sweep', asset: other, amount: '7' } as const
      return appendTransaction(storage(), { id, lane: TILL, purpose, effects: [] })
    }
    await sweepIt('sweep-1')
    await expect(sweepIt('sweep-2')).rejects.toThrow('swept')
    await storage().settlement.commit({
      transaction: { id: 'sweep-1', from: ['signed'], to: 'final' },
      entries: [sweepFinal({ ...money, asset: other, amountAtomic: 7n, transactionId: 'sweep-1' })],
      effects: [],
    })
    expect((await sweepIt('sweep-2')).nonce).toBe(46)
    await storage().settlement.commit({
      transaction: { id: 'sweep-2', from: ['signed'], to: 'failed', error: 'reverted' },
      entries: [],
      effects: [],
    })
  })

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

  test('an `upto` settlement is signed once and brings what the payer owes', async () => {
    const payer = { kind: 'wallet' as const, id: payerNamed('owing') }
    const authorization = {
      nonce: '1',
      permittedAtomic: '500',
      validAfter: 0,
      deadline: 1_900_000_000,
      signature: '0x01' as const,
    }
    const account = ACCOUNTS.receivable(payer.id)
    const admission = admissionOf({
      payer,
      authorization,
      scheme: 'upto',
      ceilingAtomic: 500n,
      holds: [{ ledger: LEDGER, account, amount: 500n }],
      exposureLimitAtomic: 1000n,
    })
    await storage().calls.admit(admission)
    await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 120n }))
    expect(await balanceOf(account)).toBe(120n)
    const { callId } = admission
    const purpose = { kind: 'upto', callId, asset: USDC, payer: payerNamed('owing'), amount: '120' } as const
    const effects = [{ kind: 'settlement', callId, state: 'signed' }] as const
    await appendTransaction(storage(), { id: 'upto-1', purpose, effects })
    await expect(appendTransaction(storage(), { id: 'upto-2', purpose, effects })).rejects.toThrow(
      'may not be signed',
    )
    expect(await storage().due.listDueSettlements({ network: NETWORK, limit: 10 })).toEqual([])
    expect((await storage().calls.getCall(callId))?.state).toBe('signed')
    const event = { ...money, amountAtomic: 120n, payer: payer.id, callId }
    await storage().settlement.commit({
      transaction: { id: 'upto-1', from: ['signed'], to: 'seen' },
      entries: [uptoSeen(event)],
      effects: [{ kind: 'settlement', callId, state: 'seen' }],
    })
    expect(await balanceOf(account)).toBe(0n)
    await storage().settlement.commit({
      transaction: { id: 'upto-1', from: ['seen'], to: 'final' },
      entries: [uptoFinal(event)],
      effects: [{ kind: 'settlement', callId, state: 'final' }],
    })
    expect((await storage().calls.getCall(callId))?.state).toBe('final')
  })

  test('a channel is refunded when nothing is held on it, and only what is free', async () => {
    await openChannelWith(storage(), 'refund', 1000n)
    const channelId = channelNamed('refund')
    const admission = voucherAdmissionOf({ channel: 'refund', max: 100n, ceiling: 100n })
    await storage().calls.admit(admission)
    const ask = (id: string, amountAtomic?: bigint) =>
      storage().due.holdRefund({
        ...money,
        id,
        kind: 'channel',
        payer: payerNamed('refund'),
        channelId,
        atMs: NOW_MS,
        ...(amountAtomic === undefined ? {} : { amountAtomic }),
      })
    expect(await ask('r1')).toEqual({ kind: 'busy' })
    await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 70n }))
    expect(await ask('r2', 931n)).toEqual({ kind: 'nothing' })
    expect(await ask('r3')).toMatchObject({ kind: 'held', refund: { amountAtomic: 930n, state: 'held' } })
    expect(await ask('r3')).toMatchObject({ kind: 'held', refund: { amountAtomic: 930n } })
    expect(await ask('r4', 1n)).toEqual({ kind: 'busy' })
    expect((await storage().calls.getChannel({ network: NETWORK, channelId }))?.balanceAtomic).toBe(70n)
    const refund = { ...money, amountAtomic: 930n, refundId: 'r3', channelId }
    await storage().settlement.commit({
      entries: [channelRefundFailed(refund)],
      effects: [{ kind: 'refund', id: 'r3', state: 'failed', error: 'reverted' }],
    })
    expect((await storage().calls.getChannel({ network: NETWORK, channelId }))?.balanceAtomic).toBe(1000n)
    expect(await ask('r5', 500n)).toMatchObject({ kind: 'held' })
    await storage().settlement.commit({
      entries: [channelRefundSeen({ ...refund, refundId: 'r5', amountAtomic: 500n })],
      effects: [{ kind: 'channel-refunded', id: channelId, refundNonce: 1n }],
    })
    expect(await storage().calls.getChannel({ network: NETWORK, channelId })).toMatchObject({
      balanceAtomic: 500n,
      chargedAtomic: 70n,
      heldAtomic: 0n,
      refundNonce: 1n,
    })
    const listed = await storage().due.listRefunds({ network: NETWORK, states: ['failed'], limit: 10 })
    expect(listed.map(({ id }) => id)).toEqual(['r3'])
  })

  test('a withdrawal is held with its fee, and both go the same way', async () => {
    const payer = payerNamed('withdraws')
    const account = ACCOUNTS.credit(payer)
    await giveCredit(storage(), payer, 1_000n, 'withdraws-funding')
    const revenueBefore = await balanceOf(ACCOUNTS.revenue)
    const ask = (id: string, feeAtomic: bigint, amountAtomic?: bigint) =>
      storage().due.holdRefund({
        ...money,
        id,
        kind: 'credit',
        payer,
        feeAtomic,
        atMs: NOW_MS,
        ...(amountAtomic === undefined ? {} : { amountAtomic }),
      })
    expect(await ask('w0', 1n, 1_000n)).toEqual({ kind: 'nothing' })
    expect(await ask('w0', 1_000n)).toEqual({ kind: 'nothing' })
    expect(await ask('w1', 7n, 300n)).toMatchObject({ refund: { amountAtomic: 300n, feeAtomic: 7n } })
    expect(await ask('w1', 7n, 300n)).toMatchObject({ refund: { amountAtomic: 300n, feeAtomic: 7n } })
    expect(await ask('w2', 7n)).toMatchObject({ refund: { amountAtomic: 686n } })
    const available = () => storage().balances.getAvailable({ ledger: LEDGER, account })
    expect(await available()).toBe(0n)
    const event = { ...money, payer }
    const whole = { ...event, refundId: 'w1', amountAtomic: 300n }
    const fee = { ...event, refundId: 'w1', amountAtomic: 7n }
    await storage().settlement.commit({
      entries: [creditRefundSeen(whole), withdrawalFeeSeen(fee)],
      effects: [],
    })
    await storage().settlement.commit({
      entries: [
        creditRefundFailed({ ...event, refundId: 'w2', amountAtomic: 686n }),
        withdrawalFeeFailed({ ...event, refundId: 'w2', amountAtomic: 7n }),
      ],
      effects: [{ kind: 'refund', id: 'w2', state: 'failed', error: 'reverted' }],
    })
    expect(await available()).toBe(693n)
    expect(await balanceOf(ACCOUNTS.revenue)).toBe(revenueBefore - 7n)
  })

  test('credit that was topped up is not idle', async () => {
    const payer = payerNamed('keeps')
    const isIdle = async () => {
      const idle = await storage().due.listIdleCredit({ network: NETWORK, limit: 100 })
      return idle.some((credit) => credit.payer === payer)
    }
    await giveCredit(storage(), payer, 500n)
    expect(await isIdle()).toBe(true)
    const { channel: _none, ...deposit } = depositFunding('keeps', { id: 'keeps-top-up' })
    const authorization = { kind: 'exact', method: 'eip3009', nonce: hex(32, 'keeps') } as const
    const times = { validAfter: 0, validBefore: 1_900_000_000, signature: '0x01' } as const
    const funding = { ...deposit, kind: 'exact', authorization: { ...authorization, ...times } } as const
    const { funding: kept } = await storage().settlement.reserveFunding({ ...funding, isTopUp: true })
    expect(kept.isTopUp).toBe(true)
    // It may still fail.
    expect(await isIdle()).toBe(true)
    const exact = { kind: 'exact', fundingId: funding.id, asset: USDC, payer, amount: '5000' } as const
    const signed = { kind: 'funding', id: funding.id, state: 'signed' } as const
    await appendTransaction(storage(), { id: 'keeps-1', purpose: exact, effects: [signed] })
    expect(await isIdle()).toBe(false)
  })

  test('unused credit is listed, held for a refund, and gone once the refund is seen', async () => {
    const payer = payerNamed('idle')
    const fundingId = 'idle-funding'
    await giveCredit(storage(), payer, 800n, fundingId)
    await storage().settlement.commit({
      entries: [exactFinal({ ...money, amountAtomic: 800n, subject: fundingId })],
      effects: [],
    })
    const listIdle = async () => {
      const idle = await storage().due.listIdleCredit({ network: NETWORK, limit: 10 })
      return idle.filter((credit) => credit.payer === payer)
    }
    expect(await listIdle()).toEqual([{ ...money, payer, availableAtomic: 800n, lastMovedAtMs: NOW_MS }])
    const held = await storage().due.holdRefund({ ...money, id: 'c1', kind: 'credit', payer, atMs: NOW_MS })
    expect(held).toMatchObject({ kind: 'held', refund: { amountAtomic: 800n } })
    expect(await listIdle()).toEqual([])
    const owed = await storage().balances.getOwedCredit(money)
    const tillBefore = await balanceOf(ACCOUNTS.till)
    // Held for the refund, and still owed until the refund is seen.
    const purpose = { kind: 'credit-refund', refundId: 'c1', asset: USDC, payer, amount: '800' } as const
    const effects = [{ kind: 'refund', id: 'c1', state: 'signed' }] as const
    await appendTransaction(storage(), { id: 'credit-refund-1', lane: TILL, purpose, effects })
    const seen = {
      transaction: { id: 'credit-refund-1', from: ['signed'], to: 'seen' },
      entries: [creditRefundSeen({ ...money, amountAtomic: 800n, refundId: 'c1', payer })],
      effects: [{ kind: 'refund', id: 'c1', state: 'seen' }],
    } as const
    expect(await storage().settlement.commit(seen)).toBe(true)
    expect(await balanceOf(ACCOUNTS.credit(payer))).toBe(0n)
    expect(await storage().balances.getOwedCredit(money)).toBe(owed - 800n)
    expect(await balanceOf(ACCOUNTS.till)).toBe(tillBefore - 800n)
  })

  test('a commit that breaks a limit is rolled back whole', async () => {
    const channelId = channelNamed('refund')
    const refund = { ...money, amountAtomic: 10_000n, refundId: 'never-held', channelId }
    await expect(
      storage().settlement.commit({ entries: [channelRefundSeen(refund)], effects: [] }),
    ).rejects.toThrow('balances')
    const entries = await storage().ledger.listEntries({ limit: 100 })
    expect(entries.map(({ id }) => id)).not.toContain('channel_refund_seen:never-held')
  })

  test('facts about the ledger are kept by key', async () => {
    expect(await storage().meta.get('genesis')).toBeUndefined()
    await storage().meta.set('genesis', { hash: '0x01' })
    await storage().meta.set('genesis', { hash: '0x02' })
    expect(await storage().meta.get('genesis')).toEqual({ hash: '0x02' })
  })

  test.skipIf(kind === 'memory')(
    'operators see calls, transactions, entries and accounts, page by page',
    async () => {
      const { admin, ledger } = storage() as Storage
      const all = await admin.listCalls({ limit: 100 })
      const [newest] = all
      const rest = await admin.listCalls({ limit: 100, after: newest?.callId ?? '' })
      expect([newest, ...rest]).toEqual(all)
      const transactions = await admin.listTransactions({ limit: 2 })
      const more = await admin.listTransactions({ limit: 100, after: transactions[1]?.id ?? '' })
      expect(new Set([...transactions, ...more].map(({ id }) => id)).size).toBe(13)
      const [account] = await ledger.listAccounts({ limit: 1 })
      const next = await ledger.listAccounts({
        limit: 1,
        after: `${account?.ledger} ${account?.account}`,
      })
      expect(next[0]?.account).not.toBe(account?.account)
    },
  )

  test('after all of this every invariant holds, and SQL and the pure trial balance agree', async () => {
    expect(await brokenInvariants(storage())).toEqual([])
    expect(await storage().ledger.trialBalance()).toEqual(trialBalance(await storage().ledger.listPostings()))
  })
})
