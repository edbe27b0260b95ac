import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { LeasedDelivery } from '../../../src/call/outbox-ports.ts'
import { newEvent } from '../../../src/governance/alerts/coalesce.ts'
import type { AlertEvent } from '../../../src/governance/alerts/events.ts'
import { verifyChain } from '../../../src/governance/audit/verify-chain.ts'
import { admissionOf, captureOf, giveCredit, LEDGER, NETWORK, payerNamed, USDC } from '../../support/calls.ts'
import { commitOf, recordsOf } from '../../support/governed.ts'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { creditRefundFailed, uptoFailed } from '../../../src/ledger/entries.ts'
import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import { KINDS, useStorage } from './stores.ts'

test.skipIf(hasPostgres)(`the suite on a server ${MISSING_POSTGRES}`, () => {})

const NOW_MS = 1_800_000_000_000
const LEASE_MS = 30_000

const keyEvent = (organizationId: string | null, cause = randomUUID()): AlertEvent =>
  newEvent({
    type: 'key.created',
    organizationId,
    cause: [cause],
    data: { key_id: cause, prefix: 'tp_test_abc', principal_id: 'p', by: 'operator' },
    atMs: NOW_MS,
  })

describe.each(KINDS)('the outbox on %s', (kind) => {
  const storage = useStorage(kind)
  const outbox = () => storage().outbox

  /** A subscription of an organisation of that id. */
  async function subscribe({
    organizationId = randomUUID(),
    eventTypes = null,
    disabledAtMs,
  }: {
    organizationId?: string
    eventTypes?: readonly string[] | null
    disabledAtMs?: number
  } = {}) {
    const { webhooks } = recordsOf({ organizationId, name: 'Acme' })
    const value = { ...webhooks, eventTypes, ...(disabledAtMs === undefined ? {} : { disabledAtMs }) }
    await storage().governance.commit(
      commitOf({ organizationId, changes: [{ resource: 'webhooks', value, expectedVersion: 0 }] }),
    )
    return value
  }
  const deliveriesOf = async (tenant: string) =>
    (await storage().governance.list({ resource: 'deliveries', tenant, limit: 100, order: 'asc' })).items
  const fanOut = () => outbox().fanOut({ limit: 100, atMs: NOW_MS })
  const lease = (atMs = NOW_MS, more: { limit?: number; perWebhook?: number } = {}) =>
    outbox().lease({ limit: 100, perWebhook: 100, atMs, untilMs: atMs + LEASE_MS, ...more })
  const end = (
    { delivery }: LeasedDelivery,
    outcome: Parameters<ReturnType<typeof outbox>['endAttempt']>[0]['outcome'],
    atMs = NOW_MS,
  ) => outbox().endAttempt({ delivery, outcome, atMs })
  /** One delivery that is leased, and everything about it. */
  async function leasedOne() {
    const webhook = await subscribe()
    const event = keyEvent(webhook.organizationId)
    await outbox().append([event])
    await fanOut()
    const [leased] = await lease()
    if (!leased) throw new Error('Nothing was leased.')
    return { webhook, event, leased }
  }

  beforeEach(async () => {
    // What a test leaves waiting is none of the next one's.
    await fanOut()
    for (const leased of await lease(NOW_MS + 10 * 86_400_000)) await end(leased, { kind: 'delivered' })
  })

  test('an event goes once to each subscription of its organisation that lives and wants its kind', async () => {
    const all = await subscribe()
    const { organizationId } = all
    const some = await subscribe({ organizationId, eventTypes: ['key.revoked', 'key.created'] })
    await subscribe({ organizationId, eventTypes: ['price.changed'] })
    await subscribe({ organizationId, disabledAtMs: NOW_MS })
    const other = await subscribe()
    const event = keyEvent(organizationId)
    await outbox().append([event, event])
    await outbox().append([event])
    expect(await fanOut()).toBe(1)
    expect(await fanOut()).toBe(0)
    const made = await deliveriesOf(organizationId)
    expect(made.map(({ webhookId }) => webhookId).toSorted()).toEqual([all.id, some.id].toSorted())
    expect(made.every(({ id }) => /^dlv_[\w-]+$/.test(id))).toBe(true)
    expect(await deliveriesOf(other.organizationId)).toEqual([])
  })

  test('what concerns no organisation goes to the subscriptions of the operator alone', async () => {
    const operator = await subscribe({ organizationId: 'public' })
    const tenant = await subscribe()
    await outbox().append([keyEvent(null)])
    await fanOut()
    expect(await deliveriesOf(tenant.organizationId)).toEqual([])
    const leased = await lease()
    expect(leased.map(({ webhook }) => webhook.id)).toEqual([operator.id])
    expect(leased[0]?.event.organizationId).toBeNull()
  })

  test('of many who fan out and lease at once each event and each delivery is one’s', async () => {
    const webhook = await subscribe()
    const events = Array.from({ length: 40 }, () => keyEvent(webhook.organizationId))
    await outbox().append(events)
    const done = await Promise.all(
      Array.from({ length: 6 }, () => outbox().fanOut({ limit: 10, atMs: NOW_MS })),
    )
    const rest = await outbox().fanOut({ limit: 100, atMs: NOW_MS })
    expect(done.reduce((sum, count) => sum + count, rest)).toBe(40)
    expect(await deliveriesOf(webhook.organizationId)).toHaveLength(40)
    const taken = await Promise.all(Array.from({ length: 6 }, () => lease(NOW_MS, { limit: 10 })))
    const ids = taken.flat().map(({ delivery }) => delivery.id)
    expect(new Set(ids).size).toBe(ids.length)
    const left = await lease()
    expect(new Set([...ids, ...left.map(({ delivery }) => delivery.id)]).size).toBe(40)
  })

  test('what a crash left under its lease is due again, and its late end changes nothing', async () => {
    const { event, leased } = await leasedOne()
    expect(leased).toMatchObject({ event, delivery: { attempts: 1, state: 'waiting' } })
    expect(await lease(NOW_MS + LEASE_MS - 1)).toEqual([])
    const [again] = await lease(NOW_MS + LEASE_MS)
    expect(again?.delivery).toMatchObject({ id: leased.delivery.id, attempts: 2 })
    expect(await end(leased, { kind: 'dead', errorCode: 'timeout' })).toBe(false)
    if (again) expect(await end(again, { kind: 'delivered', status: 204 })).toBe(true)
    expect(await deliveriesOf(leased.webhook.organizationId)).toMatchObject([
      { state: 'delivered', lastStatus: 204, endedAtMs: NOW_MS, attempts: 2 },
    ])
  })

  test('a failed attempt comes again at its time, and one that was given up stays visible', async () => {
    const { webhook, leased } = await leasedOne()
    await end(leased, { kind: 'again', nextAtMs: NOW_MS + 5_000, status: 500 })
    expect(await lease(NOW_MS + 4_999)).toEqual([])
    const [again] = await lease(NOW_MS + 5_000)
    if (!again) throw new Error('It is not due.')
    expect(again.delivery).toMatchObject({ attempts: 2, lastStatus: 500 })
    const before = await outbox().count()
    await end(again, { kind: 'dead', errorCode: 'timeout' })
    expect(await outbox().count()).toMatchObject({ waiting: before.waiting - 1, dead: before.dead + 1 })
    expect(await deliveriesOf(webhook.organizationId)).toMatchObject([
      { state: 'dead', lastErrorCode: 'timeout' },
    ])
  })

  test('a receiver that wants to be left alone is left alone, and no more are under way than it may have', async () => {
    const webhook = await subscribe()
    await outbox().append(Array.from({ length: 5 }, () => keyEvent(webhook.organizationId)))
    await fanOut()
    const [first, second, ...more] = await lease(NOW_MS, { perWebhook: 2 })
    expect(more).toEqual([])
    if (!first || !second) throw new Error('Two are due.')
    expect(await lease(NOW_MS, { perWebhook: 2 })).toEqual([])
    await end(second, { kind: 'delivered' })
    await end(first, { kind: 'again', nextAtMs: NOW_MS + 60_000, status: 429, holdsAll: true })
    expect(await lease(NOW_MS + 59_999)).toEqual([])
    expect(await lease(NOW_MS + 60_000)).toHaveLength(4)
  })

  test('a receiver that is gone switches its subscription off, in the audit log, and what waits is given up', async () => {
    const { webhook, leased } = await leasedOne()
    const tenant = webhook.organizationId
    await outbox().append([keyEvent(tenant)])
    await fanOut()
    expect(await end(leased, { kind: 'gone', status: 410 })).toBe(true)
    const row = await storage().governance.get({ resource: 'webhooks', tenant, id: webhook.id })
    expect(row).toMatchObject({ disabledAtMs: NOW_MS, version: 2 })
    expect(await lease()).toEqual([])
    const dead = (await deliveriesOf(tenant)).filter(({ state }) => state === 'dead')
    expect(dead.map(({ lastStatus, lastErrorCode }) => lastStatus ?? lastErrorCode)).toEqual(
      expect.arrayContaining([410, 'subscription_off']),
    )
    const { items: entries } = await storage().governance.list({
      resource: 'audit',
      tenant,
      limit: 10,
      order: 'asc',
    })
    expect(entries.at(-1)).toMatchObject({ actor: { kind: 'system' }, target: { id: webhook.id } })
    expect(verifyChain({ organizationId: tenant, entries, checkpoints: [] })).toMatchObject({ isGood: true })
    await expect(outbox().replay({ tenant, id: leased.delivery.id, atMs: NOW_MS })).rejects.toMatchObject({
      code: 'webhook_switched_off',
    })
  })

  test('a receiver that has taken nothing for five days is switched off, told of elsewhere, and may be switched on again', async () => {
    const { webhook, leased } = await leasedOne()
    const tenant = webhook.organizationId
    const elsewhere = await subscribe({ organizationId: tenant, eventTypes: ['webhook.switched_off'] })
    const rowOf = () => storage().governance.get({ resource: 'webhooks', tenant, id: webhook.id })
    /** One more event to it, whose first attempt ends so. */
    async function attempt(atMs: number, outcome: Parameters<typeof end>[1]): Promise<void> {
      await outbox().append([keyEvent(tenant)])
      await outbox().fanOut({ limit: 100, atMs })
      for (const one of await lease(atMs))
        await end(one, one.webhook.id === webhook.id ? outcome : { kind: 'delivered' }, atMs)
    }
    const failed = { kind: 'dead', status: 500 } as const
    const DAYS_MS = 86_400_000
    await end(leased, failed)
    expect(await rowOf()).toMatchObject({ failingSinceMs: NOW_MS, version: 1 })
    // One that is taken begins the time anew; a fault of ours does not count.
    await attempt(NOW_MS + DAYS_MS, { kind: 'delivered', status: 204 })
    expect(await rowOf()).not.toHaveProperty('failingSinceMs')
    await attempt(NOW_MS + DAYS_MS, { kind: 'dead', errorCode: 'secret_unreadable' })
    expect(await rowOf()).not.toHaveProperty('failingSinceMs')
    await attempt(NOW_MS + 2 * DAYS_MS, { kind: 'dead', errorCode: 'timeout' })
    await attempt(NOW_MS + 7 * DAYS_MS - 1, failed)
    expect(await rowOf()).not.toHaveProperty('disabledAtMs')
    await attempt(NOW_MS + 7 * DAYS_MS, failed)
    expect(await rowOf()).toMatchObject({ disabledAtMs: NOW_MS + 7 * DAYS_MS, version: 2 })
    const { items } = await storage().governance.list({ resource: 'audit', tenant, limit: 10, order: 'asc' })
    expect(items.at(-1)).toMatchObject({
      actor: { kind: 'system', id: 'webhooks' },
      action: 'webhook:switched_off',
      target: { id: webhook.id },
    })
    expect(verifyChain({ organizationId: tenant, entries: items, checkpoints: [] })).toMatchObject({
      isGood: true,
    })
    await outbox().fanOut({ limit: 100, atMs: NOW_MS + 7 * DAYS_MS })
    const told = await lease(NOW_MS + 7 * DAYS_MS)
    expect(told.map(({ webhook: { id }, event }) => [id, event.type, event.data])).toEqual([
      [
        elsewhere.id,
        'webhook.switched_off',
        {
          webhook_id: webhook.id,
          reason_code: 'failing',
          failing_since: new Date(NOW_MS + 2 * DAYS_MS).toISOString(),
        },
      ],
    ])
    for (const one of told) await end(one, { kind: 'delivered' })
    // On again: its failures of before do not count against it.
    const was = await rowOf()
    if (!was) throw new Error('It is gone.')
    const { disabledAtMs: _off, ...value } = was
    await storage().governance.commit(
      commitOf({
        organizationId: tenant,
        changes: [{ resource: 'webhooks', value, expectedVersion: 2 }],
      }),
    )
    await attempt(NOW_MS + 20 * DAYS_MS, failed)
    expect(await rowOf()).toMatchObject({ failingSinceMs: NOW_MS + 20 * DAYS_MS })
    expect(await rowOf()).not.toHaveProperty('disabledAtMs')
  })

  test('by hand a delivery begins anew under its own id, and another organisation has none', async () => {
    const { webhook, event, leased } = await leasedOne()
    const { id } = leased.delivery
    const tenant = webhook.organizationId
    const replay = (owner: string) => outbox().replay({ tenant: owner, id, atMs: NOW_MS })
    await expect(replay(tenant)).rejects.toMatchObject({ code: 'delivery_under_way' })
    await end(leased, { kind: 'dead', errorCode: 'timeout' })
    await expect(replay(randomUUID())).rejects.toMatchObject({ code: 'delivery_not_found' })
    expect(await replay(tenant)).toMatchObject({ id, state: 'waiting', attempts: 0 })
    const [again] = await lease()
    expect(again).toMatchObject({ event: { id: event.id }, delivery: { id, attempts: 1 } })
  })

  test('an event for one subscription goes to that one, and to no other', async () => {
    const one = await subscribe()
    await subscribe({ organizationId: one.organizationId })
    const event = newEvent({
      type: 'webhook.test',
      organizationId: one.organizationId,
      cause: [randomUUID()],
      data: { webhook_id: one.id },
      atMs: NOW_MS,
    })
    await outbox().appendFor({ event, webhookId: one.id, atMs: NOW_MS })
    expect(await fanOut()).toBe(0)
    expect((await lease()).map(({ webhook }) => webhook.id)).toEqual([one.id])
  })

  test('of many who change a fact at once one tells of it', async () => {
    const webhook = await subscribe()
    const key = `fact:${randomUUID()}`
    const change = () =>
      outbox().changeFact({
        key,
        decide: (before) =>
          before === undefined ? { value: 'down', events: [keyEvent(webhook.organizationId)] } : undefined,
      })
    const changed = await Promise.all(Array.from({ length: 8 }, change))
    expect(changed.filter(Boolean)).toHaveLength(1)
    expect(await storage().meta.get(key)).toBe('down')
    expect(await fanOut()).toBe(1)
  })

  test('a finding that is opened is an event of the operator, in the same commit', async () => {
    const operator = await subscribe({ organizationId: 'public' })
    const subject = randomUUID()
    const difference = {
      class: 'usage',
      network: 'ledger',
      subject,
      ledger: '1',
      chain: '2',
      sinceMs: 0,
    } as const
    await storage().findings.openFinding({ difference, atMs: NOW_MS })
    await storage().findings.openFinding({ difference, atMs: NOW_MS })
    await fanOut()
    const leased = (await lease()).filter(({ webhook }) => webhook.id === operator.id)
    expect(leased.map(({ event }) => event)).toMatchObject([
      { type: 'finding.opened', organizationId: null, data: { kind: 'usage', subject } },
    ])
  })

  test('a charge that cannot be settled any more is told once, in the commit that writes it off', async () => {
    const operator = await subscribe({ organizationId: 'public', eventTypes: ['settlement.failed'] })
    const payer = { kind: 'wallet' as const, id: payerNamed('broke') }
    const account = ACCOUNTS.receivable(payer.id)
    const call = admissionOf({
      payer,
      scheme: 'upto',
      ceilingAtomic: 500n,
      authorization: {
        nonce: '1',
        permittedAtomic: '500',
        validAfter: 0,
        deadline: 1_900_000_000,
        signature: '0x01',
      },
      holds: [{ ledger: LEDGER, account, amount: 500n }],
      exposureLimitAtomic: 1000n,
    })
    const { callId } = call
    await storage().calls.admit(call)
    await storage().calls.capture(captureOf(callId, { chargeAtomic: 120n }))
    const amountAtomic = 120n
    const event = { network: NETWORK, asset: USDC, amountAtomic, payer: payer.id, callId }
    const writeOff = (error: string) =>
      storage().settlement.commit({
        entries: [uptoFailed(event)],
        effects: [{ kind: 'settlement', callId, state: 'failed', error }],
      })
    // A contract's words are no code of ours.
    expect(await writeOff('execution reverted: <whatever they say>')).toBe(true)
    expect(await writeOff('again')).toBe(false)
    await fanOut()
    const told = (await lease()).filter(({ webhook }) => webhook.id === operator.id)
    expect(told.map(({ event: { type, data } }) => ({ type, data }))).toEqual([
      {
        type: 'settlement.failed',
        data: {
          settlement_id: callId,
          network: NETWORK,
          asset: USDC,
          amount: '120',
          reason_code: 'refused',
          transaction: null,
        },
      },
    ])
  })

  test('a refund that failed is told, and what is signed again is not', async () => {
    const operator = await subscribe({ organizationId: 'public', eventTypes: ['settlement.failed'] })
    const payer = payerNamed(`refunded on ${kind}`)
    await giveCredit(storage(), payer, 1000n)
    const id = randomUUID()
    const money = { network: NETWORK, asset: USDC }
    const held = await storage().due.holdRefund({ ...money, id, kind: 'credit', payer, atMs: NOW_MS })
    expect(held).toMatchObject({ kind: 'held' })
    await storage().settlement.commit({
      entries: [creditRefundFailed({ ...money, refundId: id, payer, amountAtomic: 1000n })],
      effects: [{ kind: 'refund', id, state: 'failed', error: 'reverted' }],
    })
    await fanOut()
    const told = (await lease()).filter(({ webhook }) => webhook.id === operator.id)
    expect(told.map(({ event: { data } }) => data)).toMatchObject([
      { settlement_id: id, amount: '1000', reason_code: 'reverted' },
    ])
  })

  test('what no database takes as text stops no other alert', async () => {
    const webhook = await subscribe()
    const odd = newEvent({
      type: 'rate.limited',
      organizationId: webhook.organizationId,
      cause: [randomUUID()],
      data: { scope: 'run', scope_id: 'a\u0000b\ud800c', metric: 'requests', limit: '1' },
      atMs: NOW_MS,
    })
    await outbox().append([odd, keyEvent(webhook.organizationId)])
    expect(await fanOut()).toBe(2)
    const leased = await lease()
    expect(leased.map(({ event }) => event.data)).toContainEqual(
      expect.objectContaining({ scope_id: 'ab\ufffdc' }),
    )
  })
})
