import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Admission } from '../../../src/call/types.ts'
import { verifyChain } from '../../../src/governance/audit/verify-chain.ts'
import { ACCOUNTS, USD_LEDGER, USD_MONEY } from '../../../src/ledger/accounts.ts'
import { exactSeen, exactUndone } from '../../../src/ledger/entries.ts'
import type { Funding } from '../../../src/settlement/types.ts'
import { holdsOn, termsOf } from '../../support/budgets.ts'
import {
  admissionOf,
  captureOf,
  hex,
  LEDGER,
  NETWORK,
  NOW_MS,
  payerNamed,
  USDC,
} from '../../support/calls.ts'
import { commitOf, createOrganization, OPERATOR } from '../../support/governed.ts'
import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import { depositFunding } from '../../support/settlements.ts'
import { brokenInvariants, KINDS, useStorage } from './stores.ts'

test.skipIf(hasPostgres)(`the suite on a server ${MISSING_POSTGRES}`, () => {})

const USD = 1_000_000_000_000n
const MOVER = {
  actor: OPERATOR,
  via: 'api',
  requestId: 'request',
  addressDigest: null,
  atMs: NOW_MS,
} as const

describe.each(KINDS)('balances of organisations on %s', (kind) => {
  const storage = useStorage(kind)
  const store = () => storage().organizations

  /** A new organisation, with so much to spend. */
  async function organizationWith(amountPicoUsd: bigint): Promise<string> {
    const { organizations } = await createOrganization({ store: storage().governance, name: 'Acme' })
    if (amountPicoUsd > 0n) await store().topUp(orderOf(organizations.id, amountPicoUsd))
    return organizations.id
  }
  const orderOf = (organizationId: string, amountPicoUsd: bigint, idempotencyKey: string = randomUUID()) => ({
    ...MOVER,
    organizationId,
    amountPicoUsd,
    idempotencyKey,
  })
  const callOf = (organizationId: string, ceilingAtomic: bigint, over: Partial<Admission> = {}) => {
    const account = ACCOUNTS.organizationBalance(organizationId)
    return admissionOf({
      ...USD_MONEY,
      payer: { kind: 'organization', id: organizationId },
      organizationId,
      ceilingAtomic,
      ...over,
      holds: [{ ledger: USD_LEDGER, account, amount: ceilingAtomic }, ...(over.holds ?? [])],
    })
  }
  const capture = (callId: string, chargePicoUsd: bigint) =>
    storage().calls.capture(captureOf(callId, { chargeAtomic: chargePicoUsd, chargePicoUsd }))
  const balanceIn = async (ledger: string, account: string) =>
    (await storage().ledger.trialBalance()).find((row) => row.ledger === ledger && row.account === account)
      ?.balance ?? 0n

  test('a call holds, spends and gives back in pico-USD, beside its budgets, and nothing is settled for it', async () => {
    const id = await organizationWith(2n * USD)
    const earned = await balanceIn(USD_LEDGER, ACCOUNTS.revenue)
    const budgets = [termsOf({ budgetId: randomUUID(), limit: 3n * USD })]
    const amounts = { chargePicoUsd: USD, tokens: 0n, requests: 1n }
    const call = callOf(id, USD, { holds: holdsOn(budgets, amounts) })
    expect(await storage().calls.admit(call)).toEqual({ kind: 'admitted' })
    expect(await storage().calls.admit(call)).toEqual({ kind: 'admitted' })
    expect(await store().getBalance(id)).toEqual({
      availablePicoUsd: USD,
      heldPicoUsd: USD,
      spentPicoUsd: 0n,
    })
    const charge = 123_456_789_012n
    await capture(call.callId, charge)
    await capture(call.callId, charge + 5n)
    expect(await store().getBalance(id)).toEqual({
      availablePicoUsd: 2n * USD - charge,
      heldPicoUsd: 0n,
      spentPicoUsd: charge,
    })
    const record = await storage().calls.getCall(call.callId)
    expect(record).toMatchObject({
      state: 'final',
      admission: { ...USD_MONEY, scheme: 'credit', payer: { kind: 'organization', id }, organizationId: id },
      capture: { chargeAtomic: charge, chargePicoUsd: charge },
    })
    expect(record?.transaction).toBeUndefined()
    expect(await balanceIn(USD_LEDGER, ACCOUNTS.revenue)).toBe(earned - charge)
    expect((await storage().budgets.listScopes(budgets))[0]).toMatchObject({ spent: charge, held: 0n })
    expect((await storage().payers.listCalls({ payerId: id, limit: 5 })).map(({ callId }) => callId)).toEqual(
      [call.callId],
    )
    const found = await storage().calls.findCall({
      payerId: id,
      requestHash: call.requestHash,
      sinceMs: NOW_MS,
    })
    expect(found).toBeUndefined()
    expect(await brokenInvariants(storage())).toEqual([])
  })

  test('a charge is never above the ceiling, and what a crash leaves held is let go', async () => {
    const id = await organizationWith(3n * USD)
    const [dear, lost] = [callOf(id, USD), callOf(id, USD)]
    for (const call of [dear, lost]) await storage().calls.admit(call)
    const captured = await storage().calls.capture(
      captureOf(dear.callId, { chargeAtomic: 5n * USD, chargePicoUsd: 5n * USD }),
    )
    expect(captured.capture).toMatchObject({ chargeAtomic: USD, chargePicoUsd: USD })
    await storage().instances.heartbeat()
    const abandoned = await storage().calls.listAbandoned({ nowMs: NOW_MS + 3_600_000, limit: 100 })
    expect(abandoned.map(({ callId }) => callId)).toContain(lost.callId)
    await storage().calls.capture(captureOf(lost.callId, { chargeAtomic: 0n, outcome: 'abandoned' }))
    expect(await store().getBalance(id)).toEqual({
      availablePicoUsd: 2n * USD,
      heldPicoUsd: 0n,
      spentPicoUsd: USD,
    })
  })

  test('calls that race never spend more than there is, and a budget is asked first', async () => {
    const id = await organizationWith(5n * USD + 1n)
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, () => storage().calls.admit(callOf(id, USD))),
    )
    expect(outcomes.filter(({ kind: outcome }) => outcome === 'admitted')).toHaveLength(5)
    expect(outcomes).toContainEqual({
      kind: 'refused',
      account: ACCOUNTS.organizationBalance(id),
      availableAtomic: 1n,
    })
    const amounts = { chargePicoUsd: USD, tokens: 0n, requests: 1n }
    const full = holdsOn([termsOf({ budgetId: randomUUID(), limit: 1n })], amounts)
    expect((await storage().calls.admit(callOf(id, USD, { holds: full }))).kind).toBe('over_budget')
    const poor = await organizationWith(0n)
    expect(await storage().calls.admit(callOf(poor, USD))).toMatchObject({
      kind: 'refused',
      availableAtomic: 0n,
    })
    expect(await store().getBalance(poor)).toEqual({
      availablePicoUsd: 0n,
      heldPicoUsd: 0n,
      spentPicoUsd: 0n,
    })
  })

  test('an operator tops up and takes back what is free, once per key, and the audit log has it', async () => {
    const id = await organizationWith(0n)
    const order = orderOf(id, 4n * USD, 'invoice 7')
    const answers = await Promise.all([1, 2, 3].map(() => store().topUp(order)))
    expect(answers.filter(({ isRepeat }) => isRepeat)).toHaveLength(2)
    await expect(store().topUp({ ...order, amountPicoUsd: 1n })).rejects.toMatchObject({
      code: 'idempotency_conflict',
    })
    await storage().calls.admit(callOf(id, USD))
    await expect(store().withdraw(orderOf(id, 3n * USD + 1n))).rejects.toMatchObject({
      code: 'withdrawal_above_balance',
      details: { extra: { metadata: { available_usd: '3' } } },
    })
    // A key of a top-up is not one of a withdrawal: each is named by what it does.
    for (const isRepeat of [false, true])
      expect(await store().withdraw(orderOf(id, 3n * USD, 'invoice 7'))).toEqual({ isRepeat })
    expect(await store().getBalance(id)).toEqual({
      availablePicoUsd: 0n,
      heldPicoUsd: USD,
      spentPicoUsd: 0n,
    })
    expect(await balanceIn(USD_LEDGER, ACCOUNTS.tradeReceivable(id))).toBe(USD)
    const { items } = await storage().governance.list({
      resource: 'audit',
      tenant: id,
      limit: 100,
      order: 'asc',
    })
    expect(verifyChain({ organizationId: id, entries: items, checkpoints: [] }).isGood).toBe(true)
    expect(items.slice(-2)).toMatchObject([
      { action: 'credit:top-up', target: { kind: 'balance', id }, after: { amountPicoUsd: '4000000000000' } },
      { action: 'credit:withdraw', after: { amountPicoUsd: '3000000000000' } },
    ])
    // Nothing between the making of the organisation and these two: repeats write nothing.
    expect(items.slice(0, -2).every(({ action }) => !action.startsWith('credit:'))).toBe(true)
    await expect(store().topUp(orderOf(randomUUID(), USD))).rejects.toMatchObject({
      code: 'invalid_governance_value',
    })
    expect(await brokenInvariants(storage())).toEqual([])
  })

  test('an archived organisation takes no money, and may be paid out', async () => {
    const { organizations } = await createOrganization({ store: storage().governance, name: 'Gone' })
    const { id } = organizations
    await store().topUp(orderOf(id, USD))
    await storage().governance.commit(
      commitOf({
        organizationId: id,
        changes: [
          {
            resource: 'organizations',
            value: { ...organizations, archivedAtMs: NOW_MS },
            expectedVersion: 1,
          },
        ],
      }),
    )
    await expect(store().topUp(orderOf(id, USD))).rejects.toMatchObject({ code: 'invalid_governance_value' })
    expect(await store().withdraw(orderOf(id, USD))).toEqual({ isRepeat: false })
  })

  describe('by x402', () => {
    const fundingOf = (): Funding => {
      const id = randomUUID()
      const { channel: _channel, ...deposit } = depositFunding(id)
      return { ...deposit, id, kind: 'exact', payer: payerNamed(id), amountAtomic: 5_000_000n, isTopUp: true }
    }
    const event = ({ id, payer, amountAtomic }: Funding) => ({
      network: NETWORK,
      asset: USDC,
      amountAtomic,
      subject: id,
      payer,
    })
    /** Somebody brought the payment to the chain; it is the payer's credit. */
    const see = (funding: Funding) =>
      storage().settlement.commit({
        entries: [exactSeen(event(funding))],
        effects: [
          {
            kind: 'funding',
            id: funding.id,
            from: 'reserved',
            state: 'seen',
            adopted: { transactionHash: hex(32, funding.id), logIndex: 1, blockNumber: 7n },
          },
        ],
      })
    const creditOf = (organizationId: string, { id }: Funding) => ({
      ...MOVER,
      organizationId,
      fundingId: id,
      decimals: 6,
    })

    test('what a payer paid becomes its organisation’s once it was seen, and once', async () => {
      const [id, other] = [await organizationWith(0n), await organizationWith(0n)]
      const funding = fundingOf()
      const credit = creditOf(id, funding)
      expect(await store().creditFromPayer(credit)).toEqual({ kind: 'not_seen' })
      await storage().settlement.reserveFunding(funding)
      expect(await store().creditFromPayer(credit)).toEqual({ kind: 'not_seen' })
      await see(funding)
      const answers = await Promise.all([1, 2].map(() => store().creditFromPayer(credit)))
      expect(answers.map((answer) => answer.kind === 'credited' && answer.isRepeat).toSorted()).toEqual([
        false,
        true,
      ])
      await expect(store().creditFromPayer(creditOf(other, funding))).rejects.toMatchObject({
        code: 'idempotency_conflict',
      })
      expect((await store().getBalance(id)).availablePicoUsd).toBe(5n * USD)
      expect(
        await storage().balances.getAvailable({ ledger: LEDGER, account: ACCOUNTS.credit(funding.payer) }),
      ).toBe(0n)
      // Both sides of the exchange say the same, and chain accounts and what tokens are owed know nothing of dollars.
      expect(await balanceIn(LEDGER, ACCOUNTS.exchange)).toBe(-5_000_000n)
      expect(await balanceIn(USD_LEDGER, ACCOUNTS.exchange)).toBe(5n * USD)
      const books = await storage().reconcile.readLedger({
        network: NETWORK,
        assets: [USDC],
        sinceMs: 0,
        marks: [],
        untilBlock: 10n,
      })
      expect(books.balances.map(({ balanceAtomic }) => balanceAtomic)).toEqual([0n, 0n])
      expect(books.movements).toEqual([])
      // A reorganisation takes the payment back: the organisation has its dollars, the loss is ours.
      await storage().settlement.commit({
        entries: [exactUndone({ ...event(funding), availableAtomic: 0n })],
        effects: [],
      })
      expect(await balanceIn(LEDGER, ACCOUNTS.badDebt)).toBe(5_000_000n)
      expect(await brokenInvariants(storage())).toEqual([])
    })

    test('what a payer has spent meanwhile stays the payer’s', async () => {
      const id = await organizationWith(0n)
      const funding = fundingOf()
      await storage().settlement.reserveFunding(funding)
      await see(funding)
      const call = admissionOf({ payer: { kind: 'wallet', id: funding.payer } })
      await storage().calls.admit(call)
      expect(await store().creditFromPayer(creditOf(id, funding))).toEqual({
        kind: 'spent',
        availableAtomic: 4_999_000n,
      })
      await storage().calls.capture(captureOf(call.callId, { chargeAtomic: 0n }))
      expect(await store().creditFromPayer(creditOf(id, funding))).toMatchObject({ kind: 'credited' })
    })
  })
})
