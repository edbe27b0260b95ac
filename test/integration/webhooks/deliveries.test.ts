import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { WebhookOptions } from '../../../src/app/options/options.ts'
import { watchWebhooks, type Webhooks } from '../../../src/app/watch/watch-webhooks.ts'
import type { Webhook } from '../../../src/call/admin-ports.ts'
import { newEvent } from '../../../src/governance/alerts/coalesce.ts'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { openStorageOn, type Storage } from '../../../src/storage/open-storage.ts'
import { createLog } from '../../../src/telemetry/log.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { holdsOn, termsOf } from '../../support/budgets.ts'
import { admissionOf, captureOf, giveCredit, LEDGER, payerNamed } from '../../support/calls.ts'
import { emptyLedger } from '../../support/empty-ledger.ts'
import { commitOf, recordsOf } from '../../support/governed.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { type Receiver, startReceiver, verified } from '../../support/webhook-receiver.ts'

const OPTIONS: WebhookOptions = {
  secret: 'a secret of the server, 32 characters',
  isDev: true,
  everyMs: 20,
}
const log = createLog({ level: 'silent' })

let storage: Storage
let receiver: Receiver
const open: Webhooks[] = []

/** One more instance of the sender over the same ledger. */
function start(more: WebhookOptions = {}): Webhooks {
  const webhooks = watchWebhooks({
    options: { webhooks: { ...OPTIONS, ...more } },
    storage,
    metrics: createMetrics(),
    log,
  })
  open.push(webhooks)
  return webhooks
}

beforeAll(async () => {
  receiver = await startReceiver()
})
beforeEach(async () => {
  // Only time has to pass: nobody waits for a schedule of days.
  vi.useFakeTimers({ toFake: ['Date'] })
  storage = await openStorageOn({ database: await emptyLedger(), instanceId: randomUUID(), region: 'local' })
  receiver.reset()
})
afterEach(async () => {
  for (const webhooks of open.splice(0)) await webhooks.close()
  vi.useRealTimers()
})
afterAll(() => receiver.close())

const pass = (durationMs: number) => vi.setSystemTime(Date.now() + durationMs)

/** A subscription as the operator API makes one. */
async function subscribe(
  webhooks: Webhooks,
  { url = receiver.url, organizationId = randomUUID() }: { url?: string; organizationId?: string } = {},
): Promise<{ webhook: Webhook; secret: string; organizationId: string }> {
  const id = randomUUID()
  const { secret, sealedSecret } = webhooks.subscriptions.makeSecret(id)
  const webhook = {
    ...recordsOf({ organizationId, name: 'Acme' }).webhooks,
    id,
    url,
    eventTypes: null,
    sealedSecret,
  }
  await storage.governance.commit(
    commitOf({ organizationId, changes: [{ resource: 'webhooks', value: webhook, expectedVersion: 0 }] }),
  )
  return { webhook, secret, organizationId }
}
const refused = (organizationId: string | null, cause: string = randomUUID()) =>
  newEvent({
    type: 'policy.refused',
    organizationId,
    cause: [cause],
    atMs: Date.now(),
    data: {
      code: 'model_not_allowed_by_policy',
      principal_id: 'p',
      key_id: null,
      from_scope: 'unit',
      from_id: 'u',
    },
  })
const created = (organizationId: string) =>
  newEvent({
    type: 'key.created',
    organizationId,
    cause: [randomUUID()],
    atMs: Date.now(),
    data: { key_id: 'k', prefix: 'tp_test_k', principal_id: 'p', by: 'operator' },
  })
const deliveriesOf = async (tenant: string) =>
  (await storage.governance.list({ resource: 'deliveries', tenant, limit: 100 })).items
/** Waits for what becomes of the only delivery of an organisation; says how it stands where that never comes. */
async function untilDelivery(
  tenant: string,
  isSo: (one: Awaited<ReturnType<typeof deliveriesOf>>[number]) => boolean,
): Promise<void> {
  const look = async () => {
    const [one] = await deliveriesOf(tenant)
    return one !== undefined && isSo(one)
  }
  await waitUntil({ what: 'the delivery', isSo: look }).catch(async (error: unknown) => {
    throw new Error(`It stands at ${JSON.stringify(await deliveriesOf(tenant))}.`, { cause: error })
  })
}

test('spending that reaches a threshold is a signed webhook, once', async () => {
  const webhooks = start()
  const { secret, organizationId } = await subscribe(webhooks)
  const payer = { kind: 'wallet' as const, id: payerNamed('rich') }
  await giveCredit(storage, payer.id, 10n ** 9n)
  const terms = termsOf({
    budgetId: randomUUID(),
    organizationId,
    levelId: organizationId,
    limit: 1_000_000_000n,
    thresholdsPercent: [80],
  })
  for (const amount of [500n, 400n, 50n]) {
    const amounts = { chargePicoUsd: amount * 1_000_000n, tokens: 1n, requests: 1n }
    const account = { ledger: LEDGER, account: ACCOUNTS.credit(payer.id), amount }
    const call = admissionOf({ payer, ceilingAtomic: amount, holds: [account, ...holdsOn([terms], amounts)] })
    expect(await storage.calls.admit(call)).toMatchObject({ kind: 'admitted' })
    await storage.calls.capture(captureOf(call.callId, { chargeAtomic: amount }))
  }
  await receiver.untilReceived(1)
  await untilDelivery(organizationId, ({ state }) => state === 'delivered')
  expect(receiver.received).toHaveLength(1)
  const [first] = receiver.received
  if (!first) throw new Error('Nothing came.')
  const { type, data } = verified(first, secret)
  expect(type).toBe('budget.threshold')
  expect(data).toMatchObject({
    organization_id: organizationId,
    budget_id: terms.budgetId,
    percent: 80,
    limit: '0.001',
    spent: '0.0009',
  })
  expect(first.headers).toMatchObject({ 'content-type': 'application/json' })
  expect(first.headers['webhook-id']).toMatch(/^evt_[\w-]+$/)
})

test('after a failure it is sent again under the same id with a new time and signature', async () => {
  const webhooks = start()
  const { secret, organizationId } = await subscribe(webhooks)
  receiver.setAnswer((response, number) => response.writeHead(number === 1 ? 500 : 204).end())
  webhooks.sink.note(created(organizationId))
  await untilDelivery(organizationId, ({ lastStatus }) => lastStatus === 500)
  pass(4_000)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(receiver.received).toHaveLength(1)
  pass(2_000)
  await untilDelivery(organizationId, ({ state }) => state === 'delivered')
  const [first, second] = receiver.received
  if (!first || !second) throw new Error('Two attempts were made.')
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
  expect(Number(second.headers['webhook-timestamp'])).toBeGreaterThan(
    Number(first.headers['webhook-timestamp']),
  )
  expect(second.body).toBe(first.body)
  expect(verified(second, secret)).toMatchObject({ type: 'key.created' })
  expect(await deliveriesOf(organizationId)).toMatchObject([{ attempts: 2, lastStatus: 204 }])
})

test('after ten failures it is dead and visible, and by hand it is sent again', async () => {
  const webhooks = start()
  const { organizationId } = await subscribe(webhooks)
  receiver.setStatus(503)
  webhooks.sink.note(created(organizationId))
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    await untilDelivery(
      organizationId,
      ({ attempts, lastStatus }) => attempts === attempt && lastStatus === 503,
    )
    await untilDelivery(organizationId, ({ nextAtMs, state }) => state === 'dead' || nextAtMs > Date.now())
    // By the schedule itself: all ten come before a subscription that takes nothing is switched off.
    const [one] = await deliveriesOf(organizationId)
    pass(Math.max(0, (one?.nextAtMs ?? 0) - Date.now()) + 1)
  }
  expect(receiver.received).toHaveLength(10)
  const [dead] = await deliveriesOf(organizationId)
  expect(dead).toMatchObject({ state: 'dead', attempts: 10, lastStatus: 503 })
  expect(await storage.outbox.count()).toMatchObject({ waiting: 0, dead: 1 })
  receiver.setStatus(200)
  const replayed = await webhooks.subscriptions.replay({ tenant: organizationId, id: dead?.id ?? '' })
  expect(replayed.id).toBe(dead?.id)
  await untilDelivery(organizationId, ({ state }) => state === 'delivered')
  expect(receiver.received[10]?.headers['webhook-id']).toBe(receiver.received[0]?.headers['webhook-id'])
})

test('410 switches the subscription off, and nothing more is sent', async () => {
  const webhooks = start()
  const { webhook, organizationId } = await subscribe(webhooks)
  receiver.setStatus(410)
  webhooks.sink.note(created(organizationId))
  await untilDelivery(organizationId, ({ state }) => state === 'dead')
  const row = await storage.governance.get({ resource: 'webhooks', tenant: organizationId, id: webhook.id })
  expect(row?.disabledAtMs).toBeGreaterThan(0)
  webhooks.sink.note(created(organizationId))
  await waitUntil({
    what: 'the fan-out',
    isSo: async () => (await storage.outbox.fanOut({ limit: 1, atMs: 0 })) === 0,
  })
  expect(await deliveriesOf(organizationId)).toHaveLength(1)
  expect(receiver.received).toHaveLength(1)
  await expect(webhooks.subscriptions.sendTest(webhook)).rejects.toMatchObject({
    code: 'webhook_switched_off',
  })
})

test('a redirect is a failure, wherever it leads', async () => {
  const webhooks = start()
  const inside = await startReceiver()
  const { organizationId } = await subscribe(webhooks)
  receiver.setStatus(307, { location: inside.url })
  webhooks.sink.note(created(organizationId))
  await untilDelivery(organizationId, ({ lastStatus }) => lastStatus === 307)
  expect(inside.received).toEqual([])
  await inside.close()
})

test('the address that was looked at is the one that is connected to, and each attempt looks anew', async () => {
  const answers = [['127.0.0.1'], ['10.0.0.1']]
  const asked: string[] = []
  const resolve = async (host: string) => {
    asked.push(host)
    return answers[asked.length - 1] ?? ['169.254.169.254']
  }
  const webhooks = start({ resolve })
  // No name server knows this host: only the answer above leads to the receiver.
  const { organizationId } = await subscribe(webhooks, { url: `http://hook.invalid:${receiver.port}/` })
  receiver.setStatus(500)
  webhooks.sink.note(created(organizationId))
  await untilDelivery(organizationId, ({ lastStatus }) => lastStatus === 500)
  expect(receiver.received[0]?.headers.host).toBe(`hook.invalid:${receiver.port}`)
  pass(6_000)
  await untilDelivery(organizationId, ({ lastErrorCode }) => lastErrorCode === 'address_refused')
  expect(receiver.received).toHaveLength(1)
  expect(asked).toEqual(['hook.invalid', 'hook.invalid'])
})

test('of two instances one makes each delivery', async () => {
  const [one, other] = [start(), start()]
  const { organizationId } = await subscribe(one)
  const events = Array.from({ length: 30 }, () => created(organizationId))
  await storage.outbox.append(events)
  one.wake()
  other.wake()
  await waitUntil({
    what: 'all deliveries',
    isSo: async () =>
      (await deliveriesOf(organizationId)).filter(({ state }) => state === 'delivered').length === 30,
  })
  expect(receiver.received.map(({ headers }) => headers['webhook-id']).toSorted()).toEqual(
    events.map(({ id }) => id).toSorted(),
  )
})

test('a stop does not wait for a receiver that hangs, and what it leaves is due again', async () => {
  const webhooks = start()
  const { organizationId } = await subscribe(webhooks)
  const hanging: (() => void)[] = []
  receiver.setAnswer((response) => hanging.push(() => response.end()))
  webhooks.sink.note(created(organizationId))
  await receiver.untilReceived(1)
  const startedAtMs = performance.now()
  await webhooks.close()
  expect(performance.now() - startedAtMs).toBeLessThan(LIMITS.webhookStopMs + 2_000)
  expect(await deliveriesOf(organizationId)).toMatchObject([{ state: 'waiting', attempts: 1 }])
  receiver.setStatus(200)
  pass(LIMITS.webhookLeaseMs)
  start()
  await untilDelivery(organizationId, ({ state, attempts }) => state === 'delivered' && attempts === 2)
})

test('while a secret is new the one before verifies as well, for a day', async () => {
  const webhooks = start()
  const { webhook, secret, organizationId } = await subscribe(webhooks)
  const made = webhooks.subscriptions.rotateSecret(webhook)
  const { secret: fresh, ...sealed } = made
  const value = { ...webhook, ...sealed }
  await storage.governance.commit(
    commitOf({ organizationId, changes: [{ resource: 'webhooks', value, expectedVersion: 1 }] }),
  )
  await webhooks.subscriptions.sendTest(webhook)
  await receiver.untilReceived(1)
  const [first] = receiver.received
  if (!first) throw new Error('Nothing came.')
  for (const one of [fresh, secret])
    expect(verified(first, one)).toMatchObject({ type: 'webhook.test', data: { webhook_id: webhook.id } })
  pass(LIMITS.webhookOverlapMs)
  await webhooks.subscriptions.sendTest(webhook)
  await receiver.untilReceived(2)
  const [, second] = receiver.received
  if (!second) throw new Error('Nothing came.')
  expect(verified(second, fresh)).toMatchObject({ type: 'webhook.test' })
  expect(() => verified(second, secret)).toThrow()
  // In the log of changes no secret stands, sealed or not.
  const { items } = await storage.governance.list({ resource: 'audit', tenant: organizationId, limit: 10 })
  expect(JSON.stringify(items)).not.toContain(made.sealedSecret)
})

test('a secret that cannot be opened sends nothing unsigned', async () => {
  const webhooks = start()
  const { organizationId } = await subscribe(webhooks)
  await webhooks.close()
  const other = start({ secret: 'another secret, also of 32 characters' })
  other.sink.note(created(organizationId))
  await untilDelivery(organizationId, ({ lastErrorCode }) => lastErrorCode === 'secret_unreadable')
  expect(receiver.received).toEqual([])
})

test('refusals of a minute are two webhooks, and none is lost', async () => {
  const webhooks = start()
  const { secret, organizationId } = await subscribe(webhooks)
  for (let count = 0; count < 500; count += 1) webhooks.sink.note(refused(organizationId))
  await receiver.untilReceived(1)
  pass(LIMITS.alertCoalesceMs)
  await receiver.untilReceived(2)
  const [first, second] = receiver.received
  if (!first || !second) throw new Error('Two came.')
  expect(verified(first, secret).data).not.toHaveProperty('count')
  expect(verified(second, secret).data).toMatchObject({ count: 499 })
})

test('a URL is looked at when a subscription is made, and a server without a secret makes none', async () => {
  const { subscriptions } = start({
    isDev: false,
    resolve: async (host) =>
      host === 'inside.example' ? ['10.0.0.7'] : host === 'hook.example' ? ['93.184.215.14'] : [],
  })
  await subscriptions.checkUrl('https://hook.example/alerts')
  for (const [url, code] of [
    ['http://hook.example/', 'invalid_webhook_url'],
    ['https://inside.example/', 'webhook_address_refused'],
    ['https://127.0.0.1/', 'webhook_address_refused'],
    ['https://nowhere.example/', 'webhook_host_unknown'],
  ] as const)
    await expect(subscriptions.checkUrl(url)).rejects.toMatchObject({ code, details: { param: 'url' } })
  const { subscriptions: without } = watchWithoutSecret()
  expect(() => without.makeSecret('w')).toThrow(expect.objectContaining({ code: 'webhooks_not_configured' }))
})

function watchWithoutSecret(): Webhooks {
  const webhooks = watchWebhooks({ options: {}, storage, metrics: createMetrics(), log })
  open.push(webhooks)
  return webhooks
}
