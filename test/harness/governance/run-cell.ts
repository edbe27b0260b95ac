import type { Policy } from '../../../src/governance/policies/types.ts'
import type { Service } from './service.ts'
import { complaintsOf, limitsOf, keepRecovering } from './judge-limits.ts'
import { offerCalls } from './offer-calls.ts'
import { CAPS, PRICE_PICO_USD } from './world.ts'

/** The worst case of the dearest call: its input is small beside it. */
const DEAREST_PICO_USD = ((BigInt(Math.max(...CAPS)) + 100n) * PRICE_PICO_USD * 105n) / 100n

/** One cell as it is printed: USD as decimal strings would hide the last digit, so pico-USD. */
export type Cell = {
  readonly inFlight: number
  readonly processes: number
  readonly calls: number
  readonly rule: string
  /** Of the narrowest limit. */
  readonly limit: string
  readonly spent: string
  /** Share of the limit. */
  readonly used: number
  readonly overspend: string
  readonly served: number
  readonly refused: Readonly<Record<string, number>>
  readonly seconds: number
  readonly complaints: readonly string[]
}

/**
 * Offers calls against three nested limits, the key's being the narrowest: `dearestHolds` times the worst case of the dearest call.
 *
 * @param kills whether a process is killed in the middle.
 */
export async function runCell({
  service,
  calls,
  inFlight,
  rules,
  dearestHolds = 2n,
  seed,
  kills = false,
}: {
  service: Service
  calls: number
  inFlight: number
  rules: Policy['rules']
  dearestHolds?: bigint
  seed: number
  kills?: boolean
}): Promise<Cell> {
  const { stack, chatUrls } = service
  const limit = dearestHolds * DEAREST_PICO_USD
  const { key, keyId, organizationId } = await stack.createOrganization({
    balancePicoUsd: 100n * limit,
    rows: ({ organization, unit, key: atKey }) => ({
      policies: [{ place: organization, rules }],
      budgets: [
        { place: organization, limit: 4n * limit },
        { place: unit, limit: 2n * limit },
        { place: atKey, limit },
      ],
    }),
  })
  const startedMs = performance.now()
  const recovering = keepRecovering(service)
  let killing: Promise<void> | undefined
  const offered = await offerCalls({
    chatUrls,
    key,
    calls,
    inFlight,
    seed,
    onCall: (index) => {
      if (kills && index === calls >> 4) killing = service.kill()
    },
  })
  await killing
  await recovering.stop()
  const limits = await limitsOf({ stack, keyId })
  const narrowest = limits.at(-1)
  if (!narrowest) throw new Error('The key has no limit.')
  const overspend = limits.reduce(
    (sum, one) => sum + (one.spent > one.limit ? one.spent - one.limit : 0n),
    0n,
  )
  return {
    inFlight,
    processes: chatUrls.length,
    calls,
    rule: (rules.onExceed ?? []).join(', then '),
    limit: narrowest.limit.toString(),
    spent: narrowest.spent.toString(),
    used: Number((narrowest.spent * 10_000n) / narrowest.limit) / 10_000,
    overspend: overspend.toString(),
    served: offered.served,
    refused: offered.refused,
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
    complaints: await complaintsOf({ stack, organizationId, limits }),
  }
}
