import { originOf } from '../call/admission.ts'
import type { AdmittedCall, PlannedCall } from '../call/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import type { HttpDependencies } from './dependencies.ts'

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
  const retryAfterMs = dependencies.freeCalls.take(address)
  if (retryAfterMs !== undefined) throw new TurnpikeError('free_limit_reached', { retryAfterMs })
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
