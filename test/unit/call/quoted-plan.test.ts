import { expect, test } from 'vitest'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { quoteCall } from '../../../src/call/plan/demand.ts'
import type { CallDependencies } from '../../../src/call/dependencies.ts'
import { planCall } from '../../../src/call/plan/plan.ts'
import { signedPlanOf } from '../../../src/call/plan/signed-plan.ts'
import type { ReceivedCall } from '../../../src/call/types.ts'
import type { EndpointHealth } from '../../../src/routing/health/endpoint-health.ts'
import { healthOf, shelfOf, WELL } from '../routing/shelf.ts'

const catalog = shelfOf([
  { id: 'acme/first', sellers: { one: 1_000, two: 1_100 } },
  { id: 'acme/second', sellers: { three: 1_000, four: 900 } },
  { id: 'acme/third', sellers: { five: 1_150 }, facts: { maxOutputTokens: 20 } },
])
const REQUEST_HASH = Buffer.alloc(32, 7).toString('base64url')

type Known = Readonly<Record<string, Partial<EndpointHealth>>>

const dependenciesWith = (known: Known, nowMs = 1_000): CallDependencies =>
  ({
    catalog,
    marginBps: 500,
    defaultOutputTokens: 100,
    secret: 'a secret that nobody else has, of 32 bytes',
    clock: { nowMs: () => nowMs, random: (count: number) => new Uint8Array(count) },
    health: healthOf(known),
    upstreams: { isReachable: () => true, dialectOf: () => 'openai' },
  }) as unknown as CallDependencies

const received = (fields: object = {}): ReceivedCall =>
  ({
    request: readChatRequest({
      body: Buffer.from(
        JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Say hi' }], ...fields }),
      ),
    }),
    requestHash: REQUEST_HASH,
    receivedAtMs: 1_000,
  }) as unknown as ReceivedCall

/** The price of a call, and the same call once it comes back with the quote, when other things are known. */
async function quotedAndRun({
  known,
  fields = {},
  later = 2_000,
}: {
  known: Known
  fields?: object
  later?: number
}) {
  const before = dependenciesWith({})
  const quoted = await planCall({ received: received(fields), dependencies: before })
  const { token } = quoteCall({ priced: quoted, dependencies: before })
  const after = dependenciesWith(known, later)
  const signed = signedPlanOf({ token, requestHash: REQUEST_HASH, dependencies: after })
  const run = await planCall({ received: received(fields), signed, dependencies: after })
  const fresh = await planCall({ received: received(fields), dependencies: after })
  return { quoted, run, fresh, signed }
}
const ids = ({ candidates }: { candidates: readonly { id: string }[] }) => candidates.map(({ id }) => id)

const slow = { firstTokenMs: 60_000, availability: 0.5 }

test.each(['auto', 'auto:latency', 'acme/first'])(
  'the plan that was quoted for %s is the plan that is run',
  async (model) => {
    const known = { 'one/acme/first@local': slow, 'three/acme/second@local': { firstTokenMs: 1 } }
    const { quoted, run, fresh } = await quotedAndRun({ known, fields: { model } })
    expect(ids(run)).toEqual(ids(quoted))
    expect(run.ceilingPicoUsd).toBe(quoted.ceilingPicoUsd)
    expect(run.decision?.ranked[0]?.row.endpoint.id).toBe(quoted.candidates[0].id)
    // Without the quote it would have gone elsewhere: the test is of something.
    expect(ids(fresh)).not.toEqual(ids(quoted))
  },
)

test('one endpoint that is down changes nothing: dispatch passes over it', async () => {
  const { quoted, run } = await quotedAndRun({
    known: { 'one/acme/first@local': { ...WELL, circuit: 'open' } },
  })
  expect(ids(run)).toEqual(ids(quoted))
})

test('where all that was quoted is down the call is planned anew, below the ceiling that was signed', async () => {
  const quotedIds = ids((await quotedAndRun({ known: {} })).quoted)
  const known = Object.fromEntries(quotedIds.map((id) => [id, { circuit: 'open' } as const]))
  const { run, quoted } = await quotedAndRun({ known })
  expect(ids(run).some((id) => quotedIds.includes(id))).toBe(false)
  expect(run.ceilingPicoUsd).toBeLessThanOrEqual(quoted.ceilingPicoUsd)
})

test('where nothing else is below that ceiling the answer is that all are down, and nothing is charged', async () => {
  const fields = { model: 'acme/third' }
  const known = { 'five/acme/third@local': { circuit: 'open', retryAtMs: 9_000 } as const }
  await expect(quotedAndRun({ known, fields })).rejects.toMatchObject({
    code: 'all_endpoints_down',
    details: { retryAfterMs: 8_000 },
  })
})

test('a quote that is another request’s, has expired or is forged brings no plan', async () => {
  const dependencies = dependenciesWith({})
  const quoted = await planCall({ received: received(), dependencies })
  const { token } = quoteCall({ priced: quoted, dependencies })
  const planOf = (change: object) =>
    signedPlanOf({ token, requestHash: REQUEST_HASH, dependencies, ...change })
  expect(planOf({})?.places).toEqual(quoted.places)
  expect(planOf({ token: undefined })).toBeUndefined()
  expect(planOf({ token: `${token.slice(0, -2)}AA` })).toBeUndefined()
  expect(planOf({ requestHash: Buffer.alloc(32).toString('base64url') })).toBeUndefined()
  expect(planOf({ dependencies: dependenciesWith({}, 1_000_000) })).toBeUndefined()
  const repriced = { ...dependencies, catalog: { ...catalog, priceBook: 'pb-other' } }
  expect(planOf({ dependencies: repriced })).toBeUndefined()
})

test('a model that writes less than was asked steps in for a named list, and never for auto', async () => {
  const auto = await planCall({ received: received({ max_tokens: 50 }), dependencies: dependenciesWith({}) })
  expect(auto.outputCap).toBe(50)
  expect(ids(auto)).not.toContain('five/acme/third@local')
  const listed = await planCall({
    received: received({ model: 'acme/first', models: ['acme/third'], max_tokens: 50 }),
    dependencies: dependenciesWith({}),
  })
  expect(listed.outputCap).toBe(20)
  expect(ids(listed)).toContain('five/acme/third@local')
})
