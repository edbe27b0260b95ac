import type { SimulatedFaults } from '../../../../src/dev/simulated-provider/faults.ts'
import { endpointIdOf, type RoutedEndpoint } from '../../../support/routed-stack.ts'
import { createRandom } from '../../random.ts'

const PROVIDERS = ['north', 'east', 'south', 'west'] as const
export const MODELS = ['chaos/one', 'chaos/two', 'chaos/three'] as const

/** Twelve endpoints: three models, each sold by four providers, of whom another one is the cheapest for each model. */
export const ENDPOINTS: readonly RoutedEndpoint[] = MODELS.flatMap((modelId, model) =>
  PROVIDERS.map((_, place) => ({
    modelId,
    providerId: PROVIDERS[(model + place) % PROVIDERS.length] ?? 'north',
    region: `region-${model + 1}`,
    inputPicoUsd: 5_000_000n + BigInt(place),
    outputPicoUsd: 25_000_000n + BigInt(place),
  })),
)

/** The endpoint of each model that is asked first while all is well. */
export const FIRST_ENDPOINTS: ReadonlySet<string> = new Set(
  MODELS.map((modelId) => ENDPOINTS.find((one) => one.modelId === modelId)).flatMap((one) =>
    one ? [endpointIdOf(one)] : [],
  ),
)

type Window = { readonly fromMs: number; readonly untilMs: number }
export type Outage = Window & { readonly endpointId: string }

/** Every endpoint has all of this once in so many milliseconds, one endpoint after the other. */
const CYCLE_MS = 90_000
const OUTAGE_MS = 4_000
const BURST = { afterMs: 35_000, durationMs: 2_000 } as const
const SLOW = { afterMs: 65_000, durationMs: 3_000 } as const
/** A whole provider is away as well, one after the other. */
const PROVIDER_CYCLE_MS = 60_000
const PROVIDER_OUTAGE_MS = 4_000
const PROVIDER_AT_MS = 48_000

const RANDOM_ERROR_SHARE = 0.05
const CUT_SHARE = 0.02
const SLOW_SHARE = 0.2
const SLOW_START_MS = 6_000

/** What a provider in trouble says, or how it breaks off; the last ones only where it streams. */
const ERRORS: readonly SimulatedFaults[] = [{ status: 500 }, { status: 503 }, { cutAfter: 0 }]
const STREAM_ERRORS: readonly SimulatedFaults[] = [...ERRORS, { endAfter: 0 }, { errorAfter: 0 }]
/** The first calls find fair weather. */
const FAIR_MS = 2_000

function outageOf(index: number, providerId: string, atMs: number): Window | undefined {
  const inCycle = (atMs - index * (CYCLE_MS / ENDPOINTS.length)) % CYCLE_MS
  if (inCycle >= 0 && inCycle < OUTAGE_MS)
    return { fromMs: atMs - inCycle, untilMs: atMs - inCycle + OUTAGE_MS }
  const round = Math.floor(atMs / PROVIDER_CYCLE_MS)
  const fromMs = round * PROVIDER_CYCLE_MS + PROVIDER_AT_MS
  const isAway = PROVIDERS[round % PROVIDERS.length] === providerId
  return isAway && atMs >= fromMs && atMs < fromMs + PROVIDER_OUTAGE_MS
    ? { fromMs, untilMs: fromMs + PROVIDER_OUTAGE_MS }
    : undefined
}

const isWithin = (index: number, atMs: number, { afterMs, durationMs }: typeof BURST | typeof SLOW) => {
  const inCycle = (atMs - index * (CYCLE_MS / ENDPOINTS.length) + CYCLE_MS) % CYCLE_MS
  return inCycle >= afterMs && inCycle < afterMs + durationMs
}

/**
 * What goes wrong, by the time since the start. Outages, bursts of 429 and slow starts come by the clock; every answer may fail by
 * chance, and every stream may be cut.
 *
 * @param seed of the chances: which answer meets which of them depends on the order in which the answers come.
 */
export function createWeather({ seed, nowMs }: { seed: number; nowMs: () => number }) {
  const random = createRandom(seed)
  const share = () => random.integer(0, 999_999) / 1_000_000
  const indexOf = new Map(ENDPOINTS.map((one, index) => [endpointIdOf(one), index]))
  const outages = new Map<string, Outage>()
  return {
    faultsOf({ endpointId, isStreamed }: { endpointId: string; isStreamed: boolean }): SimulatedFaults {
      const index = indexOf.get(endpointId) ?? 0
      const atMs = nowMs() - FAIR_MS
      const outage = outageOf(index, ENDPOINTS[index]?.providerId ?? '', atMs)
      if (outage) {
        const fromMs = Math.round(outage.fromMs + FAIR_MS)
        const untilMs = Math.round(outage.untilMs + FAIR_MS)
        outages.set(`${endpointId} ${fromMs}`, { endpointId, fromMs, untilMs })
        return index % 2 === 0 ? { status: 503 } : { cutAfter: 0 }
      }
      if (isWithin(index, atMs, BURST)) return { status: 429, retryAfter: '1' }
      if (isWithin(index, atMs, SLOW) && share() < SLOW_SHARE) return { headersDelayMs: SLOW_START_MS }
      const chance = share()
      if (chance < RANDOM_ERROR_SHARE) return random.pick(isStreamed ? STREAM_ERRORS : ERRORS)
      if (isStreamed && chance < RANDOM_ERROR_SHARE + CUT_SHARE) return { cutAfter: random.integer(1, 12) }
      return {}
    },
    /** Those that somebody has met. */
    outages: (): readonly Outage[] => [...outages.values()],
  }
}
