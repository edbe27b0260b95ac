import { originOf } from '../call/admission.ts'
import type { AdmittedCall, PlannedCall } from '../call/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { HttpDependencies } from './dependencies.ts'

const WINDOW_MS = 60_000
const ADDRESSES = 10_000

type Window = { readonly startedAtMs: number; calls: number }
const windows = new WeakMap<HttpDependencies, Map<string, Window>>()

/**
 * A call of price zero is admitted without a payment and without a row; what it may cost us is bounded per address.
 *
 * @throws free_limit_reached with Retry-After.
 */
export function freeCall({
  planned,
  address,
  dependencies,
}: {
  planned: PlannedCall
  address: string
  dependencies: HttpDependencies
}): AdmittedCall {
  countCall({ address, dependencies })
  const [endpoint] = planned.candidates
  const { id: endpointId, providerId, region } = endpoint
  return {
    ...planned,
    admission: {
      ...originOf(planned),
      paymentKey: new Uint8Array(),
      scheme: 'free',
      network: 'eip155:0',
      asset: '0x0000000000000000000000000000000000000000',
      decimals: 6,
      payer: { kind: 'wallet', id: address },
      holds: [],
      ceilingAtomic: 0n,
      feePicoUsd: 0n,
      endpointId,
      providerId,
      region,
      atMs: planned.receivedAtMs,
    },
  }
}

function countCall({ address, dependencies }: { address: string; dependencies: HttpDependencies }): void {
  const known = windows.get(dependencies) ?? new Map<string, Window>()
  windows.set(dependencies, known)
  const nowMs = dependencies.call.clock.nowMs()
  const window = known.get(address)
  if (!window || nowMs - window.startedAtMs >= WINDOW_MS) {
    if (known.size >= ADDRESSES) known.clear()
    known.set(address, { startedAtMs: nowMs, calls: 1 })
    return
  }
  window.calls += 1
  if (window.calls <= dependencies.freeCallsPerMinute) return
  throw new TurnpikeError('free_limit_reached', { retryAfterMs: window.startedAtMs + WINDOW_MS - nowMs })
}
