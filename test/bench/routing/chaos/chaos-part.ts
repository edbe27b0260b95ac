import { watchHealth } from '../../../../src/call/serve/watch-health.ts'
import type { CreditPayer } from '../../../support/credit-payer.ts'
import { payFromCredit, type RoutedStack, startRoutedStack } from '../../../support/routed-stack.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { createRandom } from '../../random.ts'
import type { RoutingPart } from '../routing-part.ts'
import { type CallNote, type ChaosKind, noteOf } from './call-note.ts'
import { chaosFigures, chaosMisses } from './chaos-figures.ts'
import { judgeCall, type ProviderRecord } from './judge-calls.ts'
import { timesOf, watchCircuits } from './watch-circuits.ts'
import { createWeather, ENDPOINTS, MODELS } from './weather.ts'

const SEED = 6
const CALLS = { short: 400, long: 20_000 } as const
const IN_FLIGHT = 16
const PAYERS = 8
const KINDS: readonly ChaosKind[] = ['whole', 'stream', 'continued']
const NOTE_EVERY = 2_000

function bodyOf(index: number, kind: ChaosKind, model: string): string {
  const messages = [{ role: 'user', content: `What does the tide table say for day ${index}?` }]
  const stream = kind === 'whole' ? {} : { stream: true, stream_options: { include_usage: true } }
  return JSON.stringify({
    model,
    messages,
    max_tokens: 64,
    ...stream,
    ...(kind === 'continued' ? { continue: 'prefix' } : {}),
  })
}

async function sendAll({
  stack,
  payers,
  calls,
  note,
}: {
  stack: RoutedStack
  payers: readonly CreditPayer[]
  calls: number
  note: (line: string) => void
}): Promise<readonly CallNote[]> {
  const random = createRandom(SEED)
  const notes: CallNote[] = []
  let next = 0
  async function send(): Promise<void> {
    for (let index = next++; index < calls; index = next++) {
      const kind = random.pick(KINDS)
      const requestId = `chaos-${index}`
      const body = bodyOf(index, kind, random.pick(MODELS))
      const payer = payers[index % payers.length] as CreditPayer
      const answer = await payFromCredit({ stack, payer, body, requestId })
      notes.push(noteOf({ requestId, kind, answer }))
      if (notes.length % NOTE_EVERY === 0) note(`${notes.length} of ${calls} calls`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, send))
  return notes
}

/**
 * Paid calls against twelve endpoints of four providers, each of which fails in every way it can: outages, bursts of 429, slow starts,
 * cut streams and five percent of random errors. Every charge is held against what the providers themselves wrote down.
 */
export const chaosPart: RoutingPart = {
  async run({ isShort, note }) {
    const calls = isShort ? CALLS.short : CALLS.long
    const startedMs = performance.now()
    const nowMs = () => performance.now() - startedMs
    const weather = createWeather({ seed: SEED, nowMs })
    const circuits = watchCircuits({ health: watchHealth({ instance: 'chaos', nowMs: Date.now }), nowMs })
    const records = new Map<string, ProviderRecord[]>()
    const stack = await startRoutedStack({
      endpoints: ENDPOINTS,
      health: circuits.watched,
      faultsOf: (endpointId, isStreamed) => weather.faultsOf({ endpointId, isStreamed }),
      onAnswer: (record) =>
        void records.set(record.requestId, [...(records.get(record.requestId) ?? []), record]),
      answer: { firstTokenMs: 15, minTokens: 14, maxTokens: 28 },
    })
    try {
      const payers = await Promise.all(
        Array.from({ length: PAYERS }, (_, index) => stack.newPayer(`chaos ${index}`)),
      )
      note(`${calls} calls to ${ENDPOINTS.length} endpoints`)
      const notes = await sendAll({ stack, payers, calls, note })
      await waitUntil({ what: 'the providers have ended', isSo: () => stack.running() === 0 })
      const seconds = nowMs() / 1_000
      const recordedById = new Map(stack.recorded.map((one) => [one.requestId, one]))
      const judged = notes.map((one) => ({
        note: one,
        judged: judgeCall({
          note: one,
          records: records.get(one.requestId) ?? [],
          recorded: recordedById.get(one.requestId),
        }),
      }))
      const checks = await stack.books.ledger.check()
      const brokenInvariants = checks.flatMap(({ name, ok }) => (ok ? [] : [name]))
      const figures = chaosFigures(judged)
      return {
        figures: {
          ...figures,
          ...timesOf({ outages: weather.outages(), notesOf: circuits.notesOf }),
          outages: weather.outages().length,
          recordedTwice: stack.recorded.length - recordedById.size,
          brokenInvariants,
          seconds: Math.round(seconds),
        },
        misses: chaosMisses({ figures, brokenInvariants, isShort }),
      }
    } finally {
      await stack.close()
    }
  },
}
