import type { RecordedCall } from '../../../../src/call/serve/record.ts'
import type { AnswerRecord } from '../../../../src/dev/simulated-provider/answer-request.ts'
import { chargeAtomic, costPicoUsd, type Owed } from '../../../support/routed-charge.ts'
import { endpointIdOf } from '../../../support/routed-stack.ts'
import type { CallNote } from './call-note.ts'
import { ENDPOINTS } from './weather.ts'

export type ProviderRecord = AnswerRecord & { readonly endpointId: string }

type Judged = {
  /** The upstream broke off after its first content, at least once. */
  readonly isCut: boolean
  readonly isFull: boolean
  readonly attempts: number
  readonly chargedAtomic: bigint
  /** Of what was delivered, computed from the providers' own records. */
  readonly expectedAtomic: bigint
  /** Our cost beyond that of what was delivered; and what providers may bill for it by their own records. */
  readonly lostPicoUsd: bigint
  readonly billedForNothingPicoUsd: bigint
}

const endpoints = new Map(ENDPOINTS.map((one) => [endpointIdOf(one), one]))

function owedOf({ endpointId, promptTokens, sentTokens }: ProviderRecord): Owed[] {
  const endpoint = endpoints.get(endpointId)
  return endpoint ? [{ endpoint, inputTokens: promptTokens, outputTokens: sentTokens }] : []
}

/**
 * The answers that were handed on: those that broke off in the middle, and the one that the call ended with. One that was given up for
 * its late start may have sent something all the same, and nobody has seen it.
 */
function deliveredOf({
  records,
  recorded,
}: {
  records: readonly ProviderRecord[]
  recorded: RecordedCall | undefined
}): readonly ProviderRecord[] {
  const broken = records.filter(({ endedBy, sentTokens }) => endedBy === 'fault' && sentTokens > 0)
  if (recorded?.capture.outcome !== 'completed') return broken
  const { endpointId } = recorded.capture
  const whole = records.findLast((record) => record.endpointId === endpointId && record.endedBy === 'end')
  return whole ? [...broken, whole] : broken
}

const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n)

/** Holds one call against what its providers wrote down, and against what was recorded of it. */
export function judgeCall({
  note,
  records,
  recorded,
}: {
  note: CallNote
  records: readonly ProviderRecord[]
  recorded: RecordedCall | undefined
}): Judged {
  const delivered = deliveredOf({ records, recorded })
  const forNothing = records
    .filter((record) => record.status === 200 && !delivered.includes(record))
    // What has left a provider after it was given up is known to nobody else.
    .map((record) => ({ ...record, sentTokens: 0 }))
  // What the caller has is what counts, whatever a provider says that it sent.
  const last = delivered.at(-1)
  const before = sum(delivered.slice(0, -1).map(({ sentTokens }) => BigInt(sentTokens)))
  const owed = delivered.flatMap((record) =>
    owedOf(record === last ? { ...record, sentTokens: note.tokens - Number(before) } : record),
  )
  const deliveredPicoUsd = sum(owed.map(costPicoUsd))
  return {
    isCut: delivered.some(({ endedBy }) => endedBy === 'fault'),
    isFull: note.status === 200 && note.isWhole && note.text !== '' && note.text === last?.text,
    attempts: records.length,
    chargedAtomic: recorded?.capture.chargeAtomic ?? 0n,
    expectedAtomic: chargeAtomic(owed),
    lostPicoUsd: (recorded?.capture.costPicoUsd ?? 0n) - deliveredPicoUsd,
    billedForNothingPicoUsd: sum(forNothing.flatMap(owedOf).map(costPicoUsd)),
  }
}
