import { type Request, Router } from 'express'
import type { CallRecord } from '../../call/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { wordEvidence, type WordProof } from '../../routing/feedback/signals.ts'
import { allow } from '../request/allow.ts'
import { sendJson } from '../answer.ts'
import { callerAddress, isLoopback } from '../request/caller-address.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { readBody } from '../request/read-body.ts'
import { readWord } from '../request/read-word.ts'
import { requireStorage } from '../request/require-storage.ts'
import { signedIn } from '../signed-in.ts'

const OUTWEIGHED = 'The payer has given a signed word on this call, which the id alone does not change.'

type Asked = { readonly request: Request; readonly dependencies: HttpDependencies }

/** POST /v1/feedback: what the payer of a call thinks of its answer. Free; the last word on a call is the one that counts. */
export function feedbackRoute(dependencies: HttpDependencies): Router {
  const router = Router()
  router
    .route('/v1/feedback')
    .post(async (request, response) => {
      sendJson({ response, status: 200, body: await takeWord({ request, dependencies }) })
    })
    .all(allow('POST'))
  return router
}

function countWord({ request, dependencies: { feedback } }: Asked): void {
  if (isLoopback(request)) return
  const retryAfterMs = feedback.take(callerAddress(request))
  if (retryAfterMs !== undefined) throw new TurnpikeError('feedback_limit_reached', { retryAfterMs })
}

/** The id is a capability, as for GET /v1/calls/{id}; the payer's own signature weighs more. */
function proofOf({ record, ...asked }: Asked & { record: CallRecord }): WordProof {
  const proved = signedIn(asked)
  if (!proved) return 'held'
  const { payer } = record.admission
  if (payer.kind === 'wallet' && payer.id === proved.payer) return 'signed'
  throw new TurnpikeError('feedback_not_yours')
}

async function takeWord({ request, dependencies }: Asked) {
  countWord({ request, dependencies })
  const { call, words } = dependencies
  const body = await readBody(request, { limitBytes: LIMITS.feedbackBodyBytes })
  const { callId, score, reason } = readWord({ body })
  requireStorage(dependencies)
  const record = await call.store.getCall(callId)
  if (!record) throw new TurnpikeError('call_not_found', { param: 'call_id' })
  const proof = proofOf({ request, dependencies, record })
  if (!record.capture) throw new TurnpikeError('feedback_too_early')
  const atMs = call.clock.nowMs()
  if (atMs - record.capture.atMs > LIMITS.feedbackWindowMs) throw new TurnpikeError('feedback_too_late')
  const evidence = wordEvidence({ score, proof })
  const word = { callId, score, evidence, atMs, ...(reason ? { reason } : {}) }
  const put = await words.putWord(word)
  if (put === 'outweighed') throw new TurnpikeError('feedback_not_yours', { message: OUTWEIGHED })
  return { object: 'feedback', call_id: callId, score, reason: reason ?? null, replaced: put.isReplaced }
}
