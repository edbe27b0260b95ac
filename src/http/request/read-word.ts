import { WORD_REASONS, type WordReason } from '../../call/feedback-ports.ts'
import { missingField } from '../../chat/read-values.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { FEEDBACK_FIELDS, RATINGS } from '../schemas/feedback-schemas.ts'
import { readObject } from './read-object.ts'

const CALL_ID = /^call_[0-9a-z]{36}$/

const invalid = (param: string, message: string) => new TurnpikeError('invalid_field', { param, message })

function scoreOf(score: unknown, rating: unknown): number {
  if (score !== undefined && rating !== undefined)
    throw new TurnpikeError('contradicting_options', {
      param: 'rating',
      message: 'score and rating say the same: send one of them.',
    })
  if (rating !== undefined) {
    if (!RATINGS.some((one) => one === rating)) throw invalid('rating', 'rating must be good or bad.')
    return rating === 'good' ? 1 : 0
  }
  if (score === undefined) throw missingField('score')
  if (typeof score !== 'number' || !(score >= 0 && score <= 1))
    throw invalid('score', 'score must be a number from 0 to 1.')
  return score
}

function reasonOf(reason: unknown): WordReason | undefined {
  if (reason === undefined) return undefined
  const known = WORD_REASONS.find((one) => one === reason)
  if (known) return known
  throw invalid('reason', `reason must be one of ${WORD_REASONS.join(', ')}: texts are not taken.`)
}

/** `{ call_id, score | rating, reason? }`. @throws invalid_json, unknown_field, missing_field, invalid_field, contradicting_options */
export function readWord({ body }: { body: Buffer }): {
  readonly callId: string
  readonly score: number
  readonly reason?: WordReason
} {
  const { call_id: callId, score, rating, reason } = readObject({ body, known: FEEDBACK_FIELDS })
  if (callId === undefined) throw missingField('call_id')
  if (typeof callId !== 'string' || !CALL_ID.test(callId))
    throw invalid('call_id', 'call_id must be the x-call-id of an answer.')
  const known = reasonOf(reason)
  return { callId, score: scoreOf(score, rating), ...(known ? { reason: known } : {}) }
}
