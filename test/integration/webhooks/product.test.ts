import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import { ENDPOINTS, MODELS } from '../../../src/catalog/models.ts'
import { simulateCatalog } from '../../../src/catalog/simulated.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { createSeal } from '../../../src/webhooks/seal.ts'
import { secretText } from '../../../src/webhooks/sign.ts'
import { findIn, newCanary } from '../../support/canary.ts'
import { canaryBody } from '../../support/canary-calls.ts'
import { MODEL, post } from '../../support/chat.ts'
import { commitOf, recordsOf } from '../../support/governed.ts'
import { fillLedgerFolder } from '../../support/ledger-folder.ts'
import { type Stack, startStack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { type Receiver, startReceiver, verified } from '../../support/webhook-receiver.ts'

const SERVER_SECRET = 'a secret of the server, 32 characters'
const SECRET = secretText(Buffer.alloc(32, 7))
/** RFC 8032, section 7.1, test 1. */
const KEY = `whsk_${Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString('base64')}`
const canary = newCanary()
const folder = mkdtempSync(join(tmpdir(), 'turnpike-webhooks-'))
const dataDirectory = join(folder, 'ledger')

let receiver: Receiver
let stack: Stack

/** A ledger with one subscription in it: the operator's, to everything that concerns no organisation. */
async function subscribeOperator(url: string): Promise<void> {
  await fillLedgerFolder(dataDirectory)
  const storage = await openStorage({ dataDirectory, instanceId: randomUUID(), region: 'local' })
  const organizationId = 'public'
  const { webhooks } = recordsOf({ organizationId, name: 'operator' })
  const sealedSecret = createSeal({ serverSecret: SERVER_SECRET }).close({
    webhookId: webhooks.id,
    secret: SECRET,
  })
  const value = { ...webhooks, url, eventTypes: null, sealedSecret }
  await storage.governance.commit(
    commitOf({ organizationId, changes: [{ resource: 'webhooks', value, expectedVersion: 0 }] }),
  )
  await storage.close()
}

beforeAll(async () => {
  receiver = await startReceiver()
  await subscribeOperator(receiver.url)
  stack = await startStack({
    overrides: {
      place: { dataDirectory },
      healthFlushMs: 20,
      webhooks: { secret: SERVER_SECRET, key: KEY, isDev: true, everyMs: 50 },
    },
  })
})
afterAll(async () => {
  await stack.close()
  await receiver.close()
  rmSync(folder, { recursive: true, force: true })
})

const toldOf = (type: string) =>
  receiver.received.map((one) => verified(one, SECRET)).filter((event) => event.type === type)
const untilTold = (type: string) => waitUntil({ what: type, isSo: () => toldOf(type).length > 0 })

test('an endpoint that fails, a count that is wrong and a price that changes are told to the operator', async () => {
  const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'batch-settlement' })
  const call = async (stream: boolean) =>
    (await pay(stack.chatUrl, post(canaryBody({ canary, stream })))).text()

  stack.provider.setFaults({ usageFactor: 40 })
  for (let count = 0; count < 3; count += 1) await call(count === 1)

  stack.provider.setFaults({ status: 500, echoPrompt: true })
  for (let count = 0; count < 6; count += 1) await call(count % 2 === 1)
  await untilTold('endpoint.down')
  expect(toldOf('endpoint.down')[0]?.data).toMatchObject({
    endpoint_id: `simulated/${MODEL}@local`,
    model: MODEL,
    provider: 'simulated',
    reason_code: 'failed',
  })

  const dearer = simulateCatalog({ models: MODELS, endpoints: ENDPOINTS })
  const endpoints = dearer.endpoints.map((endpoint) =>
    endpoint.modelId === MODEL && endpoint.prices
      ? { ...endpoint, prices: { ...endpoint.prices, inputPicoUsd: 170_000n } }
      : endpoint,
  )
  await stack.restart({ catalog: buildCatalog({ ...dearer, endpoints }) })
  await untilTold('price.changed')
  // A server that ends writes down what it has found.
  await untilTold('finding.opened')
  expect(toldOf('finding.opened')[0]?.data).toMatchObject({ organization_id: null, kind: 'usage' })
  expect(toldOf('price.changed').map(({ data }) => data)).toMatchObject([
    { model: MODEL, input_was: '0.15', input_is: '0.17', output_was: '0.6', output_is: '0.6' },
  ])
})

test('nothing of what callers and providers said is in a webhook', async () => {
  const sinks = receiver.received.map(({ body, headers }, index) => {
    const ids = Buffer.from(String(headers['webhook-id']).slice(4), 'base64url').toString()
    return { name: `webhook ${index}`, bytes: Buffer.from(`${JSON.stringify(headers)} ${ids} ${body}`) }
  })
  expect(sinks.length).toBeGreaterThan(2)
  expect(findIn({ sinks, canary })).toEqual([])
  const control = { name: 'control', bytes: Buffer.from(canaryBody({ canary })) }
  expect(findIn({ sinks: [control], canary })).not.toEqual([])
})

test('the operator’s key is there for receivers, and figures for the operator', async () => {
  const keys = await fetch(`${stack.app.url}/.well-known/webhook-keys.json`)
  expect(keys.status).toBe(200)
  const { keys: listed } = (await keys.json()) as { keys: readonly Record<string, string>[] }
  expect(listed).toMatchObject([
    { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  ])
  expect(receiver.received[0]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1a,\S+$/)
  const metrics = await (await fetch(`${stack.app.url}/metrics`)).text()
  expect(metrics).toMatch(/turnpike_webhook_attempts_total\{outcome="delivered"\} [1-9]/)
})
