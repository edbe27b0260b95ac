import { expect, test } from 'vitest'
import type { Endpoint } from '../../../src/catalog/types.ts'
import { usualInput } from '../../../src/chat/usual-input.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { NO_USAGE } from '../../../src/chat/usage.ts'
import type { CallDependencies } from '../../../src/call/dependencies.ts'
import { dispatchCall } from '../../../src/call/serve/dispatch.ts'
import { createMeter } from '../../../src/call/serve/meter.ts'
import type { Upstreams } from '../../../src/call/ports.ts'
import { watchHealth } from '../../../src/call/serve/watch-health.ts'
import type { AdmittedCall } from '../../../src/call/types.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'

const endpoint = (providerId: string): Endpoint => ({
  id: `${providerId}/writer@local`,
  modelId: 'acme/writer',
  providerId,
  region: 'local',
  upstreamModel: 'writer',
  prices: {
    inputPicoUsd: 1_000n,
    cacheReadPicoUsd: 1_000n,
    cacheWritePicoUsd: 1_000n,
    outputPicoUsd: 1_000n,
  },
})
const broken = () => new TurnpikeError('upstream_error', { extra: { phase: 'stream' } })
const TOKENS_OF_ANSWER = { ...NO_USAGE, inputUncached: 7, outputText: 5 }

/** Long enough for the tokenizer to let others have their turn a dozen times while it counts. */
const text = 'The harbour is older than its lighthouse. '.repeat(5_000)
const request = readChatRequest({
  body: Buffer.from(JSON.stringify({ model: 'acme/writer', messages: [{ role: 'user', content: text }] })),
})

/** Counts how often others have had their turn while `work` ran. */
async function turnsOf(work: (turns: () => number) => Promise<unknown>): Promise<number> {
  let turns = 0
  let isWatching = true
  const tick = () => {
    turns += 1
    if (isWatching) setImmediate(tick)
  }
  setImmediate(tick)
  await work(() => turns)
  isWatching = false
  return turns
}

/** A call over `candidates`, of which all but the last break off; `onTry` sees each of them. */
async function dispatchOver(candidates: readonly Endpoint[], onTry: (endpoint: Endpoint) => void) {
  const dispatch: Upstreams['dispatch'] = async ({ endpoint: asked, onPart }) => {
    onTry(asked)
    if (asked !== candidates.at(-1)) throw broken()
    await onPart({ type: 'content', json: '{}', text: 'Yes' })
    return { outcome: 'completed', usage: TOKENS_OF_ANSWER, firstContentMs: 1 }
  }
  const dependencies = {
    upstreams: { dialectOf: () => 'openai', prefixAt: () => undefined, dispatch },
    health: watchHealth({ instance: 'here', nowMs: () => 0 }),
    clock: { nowMs: () => 0 },
    reach: () => undefined,
    secret: 'a secret of this test',
    marginBps: 0,
  } as unknown as CallDependencies
  const call = {
    callId: 'call_1',
    requestId: 'request',
    request,
    candidates,
    inputBoundTokens: 100,
    outputCap: 100,
    admission: {
      ceilingAtomic: 10n ** 12n,
      feePicoUsd: 0n,
      decimals: 18,
      payer: { kind: 'wallet' },
      holds: [],
    },
  } as unknown as AdmittedCall
  const meter = createMeter({ request })
  let counts = 0
  const { signal } = new AbortController()
  const { capture } = await dispatchCall({
    call,
    signal,
    meter: {
      ...meter,
      inputTokens: async () => {
        counts += 1
        return meter.inputTokens()
      },
    },
    onPart: () => undefined,
    dependencies,
  })
  return { capture, counts }
}

test('nothing is counted between the attempts of a call', async () => {
  const turnsAtTry: number[] = []
  const turns = await turnsOf(async (now) =>
    dispatchOver([endpoint('first'), endpoint('second'), endpoint('third')], () => turnsAtTry.push(now())),
  )
  // The next one is asked in the very turn in which the last one has failed. Counting takes a turn for each slice of the text.
  expect(turnsAtTry).toEqual([0, 0, 0])
  expect(turns).toBeGreaterThan(5)
})

test('what two providers may bill for reading is counted once, when the call is over', async () => {
  const { capture, counts } = await dispatchOver(
    [endpoint('first'), endpoint('second'), endpoint('third')],
    () => undefined,
  )
  const lostTokens = 2 * (await usualInput({ request }))
  expect(capture.costPicoUsd).toBe(BigInt(lostTokens + 12) * 1_000n)
  expect(counts).toBe(1)
})

test('a call of which nothing was lost counts nothing', async () => {
  const { capture, counts } = await dispatchOver([endpoint('first')], () => undefined)
  expect(capture.costPicoUsd).toBe(12_000n)
  expect(counts).toBe(0)
})

test('an input is counted when it is first asked for, and then kept', async () => {
  const { inputTokens } = createMeter({ request })
  expect(await turnsOf(inputTokens)).toBeGreaterThan(5)
  expect(await turnsOf(inputTokens)).toBe(0)
})
