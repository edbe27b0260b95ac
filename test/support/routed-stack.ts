import { UNGOVERNED } from './ungoverned.ts'
import { randomUUID } from 'node:crypto'
import { clock } from '../../src/app/clock.ts'
import type { CallDependencies } from '../../src/call/dependencies.ts'
import type { RecordedCall } from '../../src/call/serve/record.ts'
import { createTurns } from '../../src/call/serve/turns.ts'
import { type HealthWatch, watchHealth } from '../../src/call/serve/watch-health.ts'
import { buildCatalog } from '../../src/catalog/build-catalog.ts'
import type { Endpoint, Model, Provider } from '../../src/catalog/types.ts'
import { UNKNOWN_FACTS } from '../../src/catalog/unknown-facts.ts'
import type { AnswerRecord } from '../../src/dev/simulated-provider/answer-request.ts'
import type { SimulatedFaults } from '../../src/dev/simulated-provider/faults.ts'
import { startSimulatedProvider } from '../../src/dev/simulated-provider/start-simulated-provider.ts'
import { openAddressWindow } from '../../src/http/request/address-window.ts'
import type { HttpDependencies } from '../../src/http/dependencies.ts'
import { ownOrigin } from '../../src/http/request/own-origin.ts'
import { createHttpApp, listen } from '../../src/http/server.ts'
import { ACCOUNTS, tokenLedger } from '../../src/ledger/accounts.ts'
import { LIMITS } from '../../src/lib/limits.ts'
import { BASE_SEPOLIA_USDC } from '../../src/payment/tokens/assets.ts'
import { createSignatureCheck } from '../../src/payment/signing/signature.ts'
import type { Terms } from '../../src/payment/types.ts'
import type { Storage } from '../../src/storage/open-storage.ts'
import { createUpstreams } from '../../src/providers/create-upstreams.ts'
import { giveCredit, payerNamed } from './calls.ts'
import { creditPayer, type CreditPayer } from './credit-payer.ts'
import { openMemoryStorage } from './memory/open-memory-storage.ts'

/** One endpoint of these stacks; its id is also its model's name at the provider, so that a provider knows which one is asked. */
export type RoutedEndpoint = {
  readonly modelId: string
  readonly providerId: string
  readonly region?: string
  /** In pico-USD per token. */
  readonly inputPicoUsd: bigint
  readonly outputPicoUsd: bigint
}

export type RoutedOptions = {
  readonly endpoints: readonly RoutedEndpoint[]
  /** What goes wrong with an answer of an endpoint. */
  readonly faultsOf?: (endpointId: string, isStreamed: boolean) => SimulatedFaults | undefined
  readonly onAnswer?: (record: AnswerRecord & { readonly endpointId: string }) => void
  /** Real books in the place of those in memory, with whatever binds callers there. */
  readonly storage?: Pick<Storage, 'calls' | 'balances' | 'settlement'>
  readonly governed?: CallDependencies['governed']
  readonly health?: HealthWatch
  /** Providers that do not take a beginning. */
  readonly withoutPrefix?: readonly string[]
  readonly answer?: {
    readonly firstTokenMs?: number
    readonly tokensPerSecond?: number
    readonly minTokens?: number
    readonly maxTokens?: number
  }
}

export const endpointIdOf = ({ modelId, providerId, region = 'local' }: RoutedEndpoint) =>
  `${providerId}/${modelId}@${region}`

const modelOf = (id: string): Model => ({
  ...UNKNOWN_FACTS,
  id,
  name: id,
  contextTokens: 128_000,
  source: 'Turnpike',
  sourceDate: '2026-11-26',
})

const endpointOf = (row: RoutedEndpoint): Endpoint => ({
  id: endpointIdOf(row),
  modelId: row.modelId,
  providerId: row.providerId,
  region: row.region ?? 'local',
  upstreamModel: endpointIdOf(row),
  prices: {
    inputPicoUsd: row.inputPicoUsd,
    cacheReadPicoUsd: row.inputPicoUsd,
    cacheWritePicoUsd: row.inputPicoUsd,
    outputPicoUsd: row.outputPicoUsd,
  },
})

/** What is taken where nothing is settled. */
export const TERMS: Terms = {
  payTo: payerNamed('pay to'),
  till: payerNamed('till'),
  signer: payerNamed('signer'),
  receiverAuthorizer: payerNamed('authorizer'),
  withdrawDelaySeconds: LIMITS.withdrawDelaySeconds,
  minDepositPicoUsd: LIMITS.minDepositPicoUsd,
  maxTimeoutSeconds: LIMITS.maxTimeoutSeconds,
  uptoTimeoutSeconds: LIMITS.uptoTimeoutSeconds,
  assets: [BASE_SEPOLIA_USDC],
  schemes: ['batch-settlement', 'upto', 'exact'],
  settlementFees: [],
}

export const MARGIN_BPS = 500

/**
 * The path of a paid call as the product has it, from HTTP to provider and back, over a ledger in memory and without a chain: callers
 * pay from their credit, each call with a signature of its own. For what is about providers and not about settlement.
 */
export async function startRoutedStack(options: RoutedOptions) {
  const { endpoints, answer = {}, faultsOf, onAnswer, withoutPrefix = [] } = options
  const providerIds = [...new Set(endpoints.map(({ providerId }) => providerId))]
  let ended = 0
  const servers = await Promise.all(
    providerIds.map(() =>
      startSimulatedProvider({
        firstTokenMs: 0,
        tokensPerSecond: 0,
        ...answer,
        ...(faultsOf ? { faultsOf: ({ model, isStreamed }) => faultsOf(model, isStreamed) ?? {} } : {}),
        onEnd(record) {
          ended += 1
          onAnswer?.({ ...record, endpointId: record.model })
        },
      }),
    ),
  )
  const providers = providerIds.map((id, index): Provider => ({
    id,
    dialect: 'openai',
    baseUrl: servers[index]?.url ?? '',
    ...(withoutPrefix.includes(id) ? {} : { continues: 'prefix' }),
    simulated: false,
  }))
  const upstreams = createUpstreams({ providers, keys: () => undefined })
  const memory = openMemoryStorage({ instanceId: randomUUID(), nowMs: clock.nowMs })
  const books = options.storage ?? memory
  const health = options.health ?? watchHealth({ instance: randomUUID(), nowMs: clock.nowMs })
  const recorded: RecordedCall[] = []
  const call: CallDependencies = {
    catalog: buildCatalog({
      models: [...new Set(endpoints.map(({ modelId }) => modelId))].map(modelOf),
      endpoints: endpoints.map(endpointOf),
    }),
    terms: TERMS,
    withheldOf: () => undefined,
    marginBps: MARGIN_BPS,
    defaultOutputTokens: 256,
    secret: 'the secret of a routed stack',
    signatures: createSignatureCheck(),
    store: books.calls,
    upstreams,
    health,
    mirrorOf: () => undefined,
    fund: () => Promise.reject(new Error('Nothing is funded here.')),
    getCredit: ({ asset: { network, address }, payer }) =>
      books.balances.getAvailable({
        ledger: tokenLedger({ network, asset: address }),
        account: ACCOUNTS.credit(payer),
      }),
    wake: () => undefined,
    isStorageAway: () => false,
    turns: createTurns({ sleep: clock.sleep }),
    governed: options.governed ?? UNGOVERNED,
    clock,
    reach: () => undefined,
  }
  const dependencies = {
    call,
    freeCalls: openAddressWindow({ limit: 1_000, nowMs: clock.nowMs }),
    unpaid: openAddressWindow({ limit: 1_000, nowMs: clock.nowMs }),
    trustedProxies: 0,
    publicUrl: (request) => `http://${request.headers.host ?? 'localhost'}`,
    ownOrigin: (request) => ownOrigin({ request, publicUrl: undefined }),
    onRecorded: (one) => void recorded.push(one),
    onDelivered: () => undefined,
    onError: ({ error }) => void process.stderr.write(`${String(error)}\n`),
  } as Partial<HttpDependencies> as HttpDependencies
  const listener = await listen({
    app: createHttpApp({ dependencies, withAdmin: false }),
    port: 0,
    host: '127.0.0.1',
  })
  return {
    url: listener.url,
    chatUrl: `${listener.url}/v1/chat/completions`,
    health,
    books: memory,
    /** Answers that providers are writing. */
    running: () => servers.reduce((sum, server) => sum + server.calls(), 0) - ended,
    /** Every call that was paid for, in the order in which they were recorded. */
    recorded,
    newPayer: async (name: string, creditAtomic = 1_000_000_000_000n): Promise<CreditPayer> => {
      const payer = creditPayer(name)
      await giveCredit(books, payer.address, creditAtomic)
      return payer
    },
    creditOf: (payer: CreditPayer) => call.getCredit({ asset: BASE_SEPOLIA_USDC, payer: payer.address }),
    async close() {
      await listener.close()
      await upstreams.close()
      await Promise.all(servers.map((server) => server.close()))
    },
  }
}

export type RoutedStack = Awaited<ReturnType<typeof startRoutedStack>>

export type PaidAnswer = {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Asks for the price, signs in for it, and pays from credit. A refusal before the price is the answer. */
export async function payFromCredit({
  stack,
  payer,
  body,
  requestId,
}: {
  stack: Pick<RoutedStack, 'chatUrl'>
  payer: CreditPayer
  body: string
  requestId: string
}): Promise<PaidAnswer> {
  const headers = { 'content-type': 'application/json', 'x-request-id': requestId, 'x-turnpike-credit': '1' }
  const asked = await fetch(stack.chatUrl, { method: 'POST', headers, body })
  const first = { status: asked.status, headers: asked.headers, body: await asked.text() }
  if (asked.status !== 402) return first
  const proof = payer.prove(asked.headers.get('payment-required') ?? '')
  const paid = await fetch(stack.chatUrl, {
    method: 'POST',
    headers: { ...headers, 'sign-in-with-x': proof },
    body,
  })
  return { status: paid.status, headers: paid.headers, body: await paid.text() }
}
