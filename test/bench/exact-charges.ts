import { x402Client } from '@x402/core/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { UptoEvmScheme } from '@x402/evm/upto/client'
import { privateKeyToAccount } from 'viem/accounts'
import type { Catalog, Model, Prices } from '../../src/catalog/types.ts'
import type { Offer, Scheme } from '../../src/payment/types.ts'
import { benchCatalog, CHEAP_MODEL, FREE_MODEL, PACED_PROVIDER } from './bench-catalog.ts'
import type { BenchWorld } from './bench-world.ts'
import { payOnChannel } from './channel-payer.ts'
import { askPrices, channelOffer, type PaymentRequired } from './quotes.ts'
import { createRandom, type Random } from './random.ts'
import { type Answer, demandStatus, requestBytes, sendAll } from './wire.ts'

export type ExactCharges = {
  readonly calls: number
  readonly byScheme: Readonly<Record<string, number>>
  readonly models: number
  readonly streamed: number
  /** Calls whose usage would have cost more than was signed: charged the ceiling, no more. */
  readonly atCeiling: number
  readonly wrong: number
  readonly aboveCeiling: number
  readonly example?: string
  /** The ledger's own judges after all calls of the run. */
  readonly brokenInvariants: readonly string[]
  readonly trialBalance: string
}

/** What one call asks for, and what its provider will say that it used. */
type Order = {
  readonly scheme: Scheme
  readonly prices: Prices
  readonly body: string
  readonly isStreamed: boolean
  readonly prompt: number
  readonly cached: number
  readonly completion: number
}

/** The dev chain's published terms: 5 % margin, and $0.0001 for a settlement that is one transaction. */
const MARGIN_BPS = 500n
const FEE_PICO_USD: Readonly<Record<Scheme, bigint>> = {
  'batch-settlement': 0n,
  upto: 100_000_000n,
  exact: 100_000_000n,
}
const PICO_USD_PER_ATOMIC = 1_000_000n

const divideUp = (dividend: bigint, divisor: bigint) => (dividend + divisor - 1n) / divisor

/** Usage x price, margin and fee, rounded up once: written here a second time, from the documentation and not from the code. */
function expectedAtomic({ scheme, prices, prompt, cached, completion }: Order): bigint {
  const cost =
    BigInt(prompt - cached) * prices.inputPicoUsd +
    BigInt(cached) * prices.cacheReadPicoUsd +
    BigInt(completion) * prices.outputPicoUsd
  const charge = divideUp(cost * (10_000n + MARGIN_BPS), 10_000n) + FEE_PICO_USD[scheme]
  return divideUp(charge, PICO_USD_PER_ATOMIC)
}

/** Room for every order of this bench, and a price of which ten thousand calls stay below the deposits. */
const ENOUGH_CONTEXT = 32_000
const DEAREST_OUTPUT_PICO_USD = 15_000_000n

/** Whether a model chats at one price, so that the calculation above is all there is to it. */
function isUsual({ model, prices }: { model: Model | undefined; prices: Prices }): boolean {
  if (model?.kind !== 'chat' || prices.tiers || prices.reasoningPicoUsd !== undefined) return false
  if (prices.outputPicoUsd > DEAREST_OUTPUT_PICO_USD) return false
  return model.contextTokens !== 'unknown' && model.contextTokens >= ENOUGH_CONTEXT
}

/** Models that one endpoint alone sells at a price: which price counts is then beyond doubt. */
function pricedModels(catalog: Catalog): readonly { readonly id: string; readonly prices: Prices }[] {
  const byModel = Map.groupBy(catalog.endpoints, ({ modelId }) => modelId)
  return [...byModel].flatMap(([id, [first, ...others]]) => {
    if (!first?.prices || others.length > 0 || id === FREE_MODEL) return []
    const { prices, providerId } = first
    const isOffered = providerId !== PACED_PROVIDER && isUsual({ model: catalog.models.get(id), prices })
    return isOffered ? [{ id, prices }] : []
  })
}

/** One call in fifty is paid for by a single transaction or a Permit2 authorisation, the others on channels. */
const schemeFor = (index: number): Scheme =>
  index % 100 === 0 ? 'exact' : index % 100 === 50 ? 'upto' : 'batch-settlement'

function orderFor({
  index,
  random,
  models,
}: {
  index: number
  random: Random
  models: readonly { readonly id: string; readonly prices: Prices }[]
}): Order {
  const scheme = schemeFor(index)
  const cheap = models.find(({ id }) => id === CHEAP_MODEL)
  const model = scheme === 'batch-settlement' ? random.pick(models) : (cheap ?? random.pick(models))
  const cap = random.integer(1, 400)
  const text = 'tide '.repeat(random.integer(1, 120))
  const prompt = random.integer(1, text.length)
  // One in sixteen providers counts beyond every bound: what exceeds the ceiling is the house's loss.
  const completion = random.integer(0, cap) * (random.integer(1, 16) === 1 ? 50 : 1)
  const cached = random.integer(0, prompt)
  const reasoning = random.integer(0, completion)
  const isStreamed = random.integer(0, 3) === 0
  const body = JSON.stringify({
    model: model.id,
    max_tokens: cap,
    ...(isStreamed ? { stream: true, stream_options: { include_usage: true } } : {}),
    user: [prompt, cached, completion, reasoning].join(','),
    messages: [{ role: 'user', content: text }],
  })
  return { scheme, prices: model.prices, body, isStreamed, prompt, cached, completion }
}

/** Signs what the scheme needs; channels by this bench's own client, the others by the published ones. */
function createPayer({ channels, payerKey }: Pick<BenchWorld, 'channels' | 'payerKey'>) {
  const account = privateKeyToAccount(payerKey)
  const client = new x402Client()
    .setSpendControls({ allowedAssets: true, maxAmountPerPayment: false })
    .register('eip155:*', new ExactEvmScheme(account))
    .register('eip155:*', new UptoEvmScheme(account))
  return async (required: PaymentRequired, scheme: Scheme, index: number) => {
    if (scheme === 'batch-settlement') {
      const offer = channelOffer(required)
      const channel = channels[index % channels.length]
      if (!channel) throw new Error('There is no channel.')
      return { offer, payment: payOnChannel({ channel, offer }) }
    }
    const offer = required.accepts.find((one) => one.scheme === scheme) as Offer
    const payload = await client.createPaymentPayload({ ...required, accepts: [offer] } as never)
    return { offer, payment: Buffer.from(JSON.stringify(payload)).toString('base64') }
  }
}

/** `turnpike.charge` of an answer, or of the last event of a stream. */
const chargedAtomic = ({ body }: Answer): bigint => BigInt(/"charge":"(\d+)"/.exec(body)?.[1] ?? -1)

/** Compares what calls were charged with what they should cost. Prices come from the catalogue, usage from the bench itself. */
export async function measureExactCharges({
  world,
  calls,
  seed = 1,
}: {
  world: BenchWorld
  calls: number
  seed?: number
}): Promise<ExactCharges> {
  const random = createRandom(seed)
  const models = pricedModels(benchCatalog())
  const orders = Array.from({ length: calls }, (_, index) => orderFor({ index, random, models }))
  const prices = await askPrices({ port: world.port, bodies: orders.map(({ body }) => body) })
  const pay = createPayer(world)
  const requests: Buffer[] = []
  const ceilings: bigint[] = []
  for (const [index, { scheme, body }] of orders.entries()) {
    const { offer, payment } = await pay(prices[index] as PaymentRequired, scheme, index)
    requests.push(requestBytes({ body, payment }))
    ceilings.push(BigInt(offer.amount))
  }
  const { answers } = await sendAll({ port: world.port, requests, inFlight: 16 })
  demandStatus(answers, 200)
  const books = await world.server.ask<{ broken: readonly string[]; trialBalance: string }>('books')
  return {
    ...judge({ orders, ceilings, answers }),
    brokenInvariants: books.broken,
    trialBalance: books.trialBalance,
  }
}

function judge({
  orders,
  ceilings,
  answers,
}: {
  orders: readonly Order[]
  ceilings: readonly bigint[]
  answers: readonly Answer[]
}) {
  const wrong: string[] = []
  let aboveCeiling = 0
  let atCeiling = 0
  for (const [index, order] of orders.entries()) {
    const ceiling = ceilings[index] ?? 0n
    const charged = chargedAtomic(answers[index] as Answer)
    const wanted = expectedAtomic(order)
    const expected = wanted < ceiling ? wanted : ceiling
    if (wanted > ceiling) atCeiling += 1
    if (charged > ceiling) aboveCeiling += 1
    if (charged !== expected) wrong.push(`${order.body}: charged ${charged}, expected ${expected}`)
  }
  const byScheme = Map.groupBy(orders, ({ scheme }) => scheme)
  const models = new Set(orders.map(({ prices }) => prices)).size
  return {
    calls: orders.length,
    byScheme: Object.fromEntries([...byScheme].map(([scheme, some]) => [scheme, some.length])),
    models,
    streamed: orders.filter(({ isStreamed }) => isStreamed).length,
    atCeiling,
    aboveCeiling,
    wrong: wrong.length,
    ...(wrong[0] === undefined ? {} : { example: wrong[0] }),
  }
}
