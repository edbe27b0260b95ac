import { describe, expect, test } from 'vitest'
import { ACCOUNTS, USD_LEDGER } from '../../../src/ledger/accounts.ts'
import {
  admissionOf,
  captureOf,
  channelNamed,
  giveCredit,
  LEDGER,
  NETWORK,
  NOW_MS,
  openChannelWith,
  payerNamed,
  voucherAdmissionOf,
} from '../../support/calls.ts'
import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import { ALL_KINDS, brokenInvariants, useBooks } from './stores.ts'

test.skipIf(hasPostgres)(`the suite on a server ${MISSING_POSTGRES}`, () => {})

const wallet = (name: string) => ({ kind: 'wallet' as const, id: payerNamed(name) })

describe.each(ALL_KINDS)('calls on %s', (kind) => {
  const storage = useBooks(kind)

  test('a call on credit is admitted, captured below its ceiling, and leaves the rest of the hold free', async () => {
    const payer = wallet('plain')
    await giveCredit(storage(), payer.id, 1000n)
    const admission = admissionOf({ payer })
    expect(await storage().calls.admit(admission)).toEqual({ kind: 'admitted' })
    expect((await storage().calls.getCall(admission.callId))?.state).toBe('forwarding')
    const capture = captureOf(admission.callId)
    expect(await storage().calls.capture(capture)).toEqual({ capture })
    const call = await storage().calls.getCall(admission.callId)
    const { paymentKey: _key, holds: _holds, ...rest } = admission
    expect(call).toEqual({ callId: admission.callId, state: 'final', admission: rest, capture })
    const account = ACCOUNTS.credit(payer.id)
    expect(await storage().balances.getBalance({ ledger: LEDGER, account })).toBe(-700n)
    expect(await storage().calls.admit(admissionOf({ payer, ceilingAtomic: 701n }))).toEqual({
      kind: 'refused',
      account,
      availableAtomic: 700n,
    })
  })

  test('a charge of zero voids the hold', async () => {
    const payer = wallet('void')
    await giveCredit(storage(), payer.id, 1000n)
    const admission = admissionOf({ payer })
    await storage().calls.admit(admission)
    await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 0n, outcome: 'aborted' }))
    expect((await storage().calls.getCall(admission.callId))?.state).toBe('released')
    expect((await storage().calls.admit(admissionOf({ payer }))).kind).toBe('admitted')
  })

  test('a charge above the ceiling is cut to it, and a second capture returns the first', async () => {
    const payer = wallet('greedy')
    await giveCredit(storage(), payer.id, 1000n)
    const admission = admissionOf({ payer })
    await storage().calls.admit(admission)
    const { capture } = await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 5000n }))
    expect([capture.chargeAtomic, capture.chargePicoUsd]).toEqual([1000n, 1_000_000_000n])
    const again = await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 1n }))
    expect(again.capture).toEqual(capture)
  })

  test('captures of one call at the same time post once', async () => {
    const payer = wallet('twice')
    await giveCredit(storage(), payer.id, 1000n)
    const admission = admissionOf({ payer })
    await storage().calls.admit(admission)
    const charges = [100n, 200n, 300n]
    const captured = await Promise.all(
      charges.map((chargeAtomic) => storage().calls.capture(captureOf(admission.callId, { chargeAtomic }))),
    )
    expect(captured.map(({ capture }) => capture.chargeAtomic)).toEqual([100n, 100n, 100n])
    expect(await storage().balances.getBalance({ ledger: LEDGER, account: ACCOUNTS.credit(payer.id) })).toBe(
      -900n,
    )
  })

  test('a capture of a call that was never admitted is an error', async () => {
    await expect(storage().calls.capture(captureOf('call_unknown'))).rejects.toThrow('no call call_unknown')
  })

  test('one payment key buys one call, among calls of the same moment and later', async () => {
    const payer = wallet('replay')
    await giveCredit(storage(), payer.id, 100_000n)
    const first = admissionOf({ payer })
    const others = [1, 2, 3].map(() => admissionOf({ payer, paymentKey: first.paymentKey }))
    const outcomes = await Promise.all(
      [first, ...others].map((admission) => storage().calls.admit(admission)),
    )
    expect(outcomes.map(({ kind }) => kind)).toEqual(['admitted', 'duplicate', 'duplicate', 'duplicate'])
    await storage().calls.capture(captureOf(first.callId))
    const late = await storage().calls.admit(admissionOf({ payer, paymentKey: first.paymentKey }))
    expect(late).toMatchObject({ kind: 'duplicate', call: { callId: first.callId, state: 'final' } })
    // The same admission again is what a lane sends after a lost connection.
    expect(await storage().calls.admit(first)).toEqual({ kind: 'admitted' })
    expect(await storage().balances.getBalance({ ledger: LEDGER, account: ACCOUNTS.credit(payer.id) })).toBe(
      -99_700n,
    )
  })

  test('a burst beyond the limit admits exactly what fits', async () => {
    const payer = wallet('burst')
    await giveCredit(storage(), payer.id, 7500n)
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => storage().calls.admit(admissionOf({ payer }))),
    )
    expect(outcomes.filter(({ kind }) => kind === 'admitted')).toHaveLength(7)
    expect(outcomes.find(({ kind }) => kind === 'refused')).toMatchObject({ availableAtomic: 500n })
  })

  test('a call with two scopes is admitted only where both fit, and holds in both', async () => {
    const payer = wallet('scopes')
    const [ledger, account] = [USD_LEDGER, ACCOUNTS.organizationBalance('acme')]
    await giveCredit(storage(), payer.id, 100_000n)
    await storage().settlement.commit({
      entries: [
        {
          id: 'opening:acme',
          event: 'opening',
          postings: [
            { ledger, debit: ACCOUNTS.opening, credit: account, amount: 2_500_000_000n, kind: 'posted' },
          ],
        },
      ],
      effects: [],
    })
    const holds = [
      { ledger: LEDGER, account: ACCOUNTS.credit(payer.id), amount: 1000n },
      { ledger, account, amount: 1_000_000_000n },
    ]
    const admissions = [1, 2, 3].map(() => admissionOf({ payer, holds }))
    const outcomes = await Promise.all(admissions.map((admission) => storage().calls.admit(admission)))
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['admitted', 'admitted', 'refused'])
    expect(outcomes.find(({ kind }) => kind === 'refused')).toMatchObject({
      account,
      availableAtomic: 500_000_000n,
    })
    const admitted = admissions.filter((_, index) => outcomes[index]?.kind === 'admitted')
    for (const { callId } of admitted) await storage().calls.capture(captureOf(callId))
    expect(await storage().balances.getBalance({ ledger, account })).toBe(-1_900_000_000n)
    expect(await storage().balances.getBalance({ ledger: LEDGER, account: holds[0]?.account ?? '' })).toBe(
      -99_400n,
    )
  })

  test('an account that was never funded refuses, and a channel that was never opened is unknown', async () => {
    expect(await storage().calls.admit(admissionOf({ payer: wallet('nobody') }))).toEqual({
      kind: 'refused',
      account: ACCOUNTS.credit(payerNamed('nobody')),
      availableAtomic: 0n,
    })
    const outcome = await storage().calls.admit(
      voucherAdmissionOf({ channel: 'none', max: 10n, ceiling: 10n }),
    )
    expect(outcome).toEqual({ kind: 'unknown_channel' })
  })

  test('an `upto` payer is served up to the exposure limit and leaves a settlement that is due', async () => {
    const payer = wallet('upto')
    const authorization = {
      nonce: '7',
      permittedAtomic: '600',
      validAfter: 0,
      deadline: 1_900_000_000,
      signature: '0x01' as const,
    }
    const holds = [{ ledger: LEDGER, account: ACCOUNTS.receivable(payer.id), amount: 600n }]
    const admissionNow = () =>
      admissionOf({
        payer,
        scheme: 'upto',
        holds,
        authorization,
        ceilingAtomic: 600n,
        exposureLimitAtomic: 1300n,
      })
    const admissions = [admissionNow(), admissionNow(), admissionNow()]
    const outcomes = await Promise.all(admissions.map((admission) => storage().calls.admit(admission)))
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['admitted', 'admitted', 'refused'])
    expect(outcomes.find(({ kind }) => kind === 'refused')).toMatchObject({ availableAtomic: 100n })
    const [callId] = admissions
      .filter((_, index) => outcomes[index]?.kind === 'admitted')
      .map((a) => a.callId)
    await storage().calls.capture(captureOf(callId ?? '', { chargeAtomic: 250n }))
    expect(await storage().due.listDueSettlements({ network: NETWORK, limit: 10 })).toEqual([
      {
        callId,
        network: NETWORK,
        asset: admissions[0]?.asset,
        payer: payer.id,
        amountAtomic: 250n,
        authorization,
      },
    ])
    expect((await storage().calls.getCall(callId ?? ''))?.state).toBe('captured')
  })

  test('parallel vouchers on one channel are covered by the highest, and receipts carry the sum after each call', async () => {
    await openChannelWith(storage(), 'parallel', 10_000n)
    const admissions = [100n, 200n, 300n].map((max) =>
      voucherAdmissionOf({ channel: 'parallel', max, ceiling: 100n }),
    )
    const outcomes = await Promise.all(admissions.map((admission) => storage().calls.admit(admission)))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['admitted', 'admitted', 'admitted'])
    const channelId = channelNamed('parallel')
    expect(await storage().calls.getChannel({ network: NETWORK, channelId })).toMatchObject({
      balanceAtomic: 10_000n,
      heldAtomic: 300n,
      chargedAtomic: 0n,
      highest: { maxAtomic: 300n },
    })
    const captured = await Promise.all(
      admissions.map(({ callId }) => storage().calls.capture(captureOf(callId, { chargeAtomic: 30n }))),
    )
    expect(captured.map(({ channel }) => channel?.chargedAtomic)).toEqual([30n, 60n, 90n])
    expect(captured.at(-1)?.channel?.heldAtomic).toBe(0n)
  })

  test('a voucher that does not cover gets the turn, others wait, and the corrected client is served', async () => {
    await openChannelWith(storage(), 'turns', 10_000n)
    const ask = (max: bigint, over: { quoteNonce?: string; newQuoteNonce?: string; atMs?: number } = {}) =>
      storage().calls.admit(voucherAdmissionOf({ channel: 'turns', max, ceiling: 100n, ...over }))
    expect((await ask(100n)).kind).toBe('admitted')
    const corrective = await ask(100n, { quoteNonce: 'first', newQuoteNonce: 'second' })
    expect(corrective).toMatchObject({
      kind: 'corrective',
      channel: { heldAtomic: 100n, turn: { quoteNonces: ['first', 'second'], reservedAtomic: 100n } },
    })
    expect(await ask(100n)).toEqual({ kind: 'wait', untilMs: NOW_MS + 1500 })
    expect((await ask(200n, { quoteNonce: 'second', newQuoteNonce: 'third' })).kind).toBe('admitted')
    const channelId = channelNamed('turns')
    const state = await storage().calls.getChannel({ network: NETWORK, channelId })
    expect(state?.turn).toBeUndefined()
    expect(state?.heldAtomic).toBe(200n)
  })

  test('a first deposit takes the turn on a channel that has no row yet, and may give it up', async () => {
    const deposit = voucherAdmissionOf({ channel: 'fresh', max: 100n, ceiling: 100n, hasDeposit: true })
    expect(await storage().calls.admit(deposit)).toEqual({ kind: 'deposit' })
    const other = voucherAdmissionOf({ channel: 'fresh', max: 100n, ceiling: 100n, hasDeposit: true })
    expect((await storage().calls.admit(other)).kind).toBe('wait')
    const channelId = channelNamed('fresh')
    const quoteNonce = deposit.channel?.quoteNonce ?? ''
    await storage().calls.endTurn({ network: NETWORK, channelId, quoteNonce })
    expect((await storage().calls.getChannel({ network: NETWORK, channelId }))?.turn).toBeUndefined()
    expect(await storage().calls.admit(deposit)).toEqual({ kind: 'deposit' })
    await openChannelWith(storage(), 'fresh', 1000n)
    expect(await storage().calls.admit(deposit)).toEqual({ kind: 'admitted' })
  })

  test('a value that the database would not take fails its own call only', async () => {
    const payer = wallet('good')
    await giveCredit(storage(), payer.id, 100_000n)
    const [good, bad, alsoGood] = await Promise.allSettled([
      storage().calls.admit(admissionOf({ payer })),
      storage().calls.admit(admissionOf({ payer, requestId: 'a\0b' })),
      storage().calls.admit(admissionOf({ payer, modelId: '{"quoted", \\back, \u{1F600}}' })),
    ])
    expect([good?.status, bad?.status, alsoGood?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  test('one name buys one call, whatever pays for it, in one group and later', async () => {
    const payers = [wallet('named-a'), wallet('named-b')] as const
    for (const { id } of payers) await giveCredit(storage(), id, 100_000n)
    const named = (index: number) =>
      admissionOf({ payer: payers[index % 2] ?? payers[0], idempotencyKey: 'its name' })
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) => storage().calls.admit(named(index))),
    )
    expect(outcomes.filter(({ kind }) => kind === 'admitted')).toHaveLength(1)
    const found = await storage().calls.findCall({ idempotencyKey: 'its name' })
    for (const outcome of outcomes) {
      if (outcome.kind === 'admitted') continue
      expect(outcome).toMatchObject({ kind: 'duplicate', call: { callId: found?.callId } })
    }
    expect(await storage().calls.admit(named(0))).toMatchObject({ kind: 'duplicate' })
    expect(await storage().calls.findCall({ idempotencyKey: 'another' })).toBeUndefined()
    const available = await Promise.all(
      payers.map(({ id }) =>
        storage().balances.getAvailable({ ledger: LEDGER, account: ACCOUNTS.credit(id) }),
      ),
    )
    const held = 200_000n - (available[0] ?? 0n) - (available[1] ?? 0n)
    expect(held).toBe(named(0).ceilingAtomic)
  })

  test('a retry finds the call that runs or ended undelivered, and no other', async () => {
    const payer = wallet('retry')
    await giveCredit(storage(), payer.id, 100_000n)
    const admission = admissionOf({ payer, requestHash: 'same' })
    await storage().calls.admit(admission)
    const find = (sinceMs: number) =>
      storage().calls.findCall({ payerId: payer.id, requestHash: 'same', sinceMs })
    expect((await find(NOW_MS + 60_000))?.callId).toBe(admission.callId)
    await storage().calls.capture(captureOf(admission.callId, { delivered: false, outcome: 'aborted' }))
    expect((await find(NOW_MS))?.callId).toBe(admission.callId)
    expect(await find(NOW_MS + 10_000)).toBeUndefined()
  })

  test('calls of an instance whose lease has run out are abandoned until they are captured', async () => {
    const payer = wallet('abandoned')
    await giveCredit(storage(), payer.id, 100_000n)
    const admission = admissionOf({ payer })
    await storage().calls.admit(admission)
    await storage().instances.heartbeat()
    expect(await storage().calls.listAbandoned({ nowMs: NOW_MS, limit: 1000 })).toEqual([])
    const ids = async () =>
      (await storage().calls.listAbandoned({ nowMs: NOW_MS + 10_000, limit: 1000 })).map(
        ({ callId }) => callId,
      )
    expect(await ids()).toContain(admission.callId)
    await storage().calls.capture(captureOf(admission.callId, { chargeAtomic: 0n, outcome: 'abandoned' }))
    expect(await ids()).not.toContain(admission.callId)
  })

  test('after all of this every invariant holds, and the trial balance is even', async () => {
    expect(await brokenInvariants(storage())).toEqual([])
    const rows = await storage().ledger.trialBalance()
    for (const ledger of new Set(rows.map((row) => row.ledger))) {
      const own = rows.filter((row) => row.ledger === ledger)
      expect(own.reduce((sum, row) => sum + row.balance, 0n)).toBe(0n)
    }
  })
})
