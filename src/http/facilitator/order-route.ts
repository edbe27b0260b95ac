import type { Request, RequestHandler } from 'express'
import type { Facilitator } from '../../facilitator/create-facilitator.ts'
import { readOrder } from '../../facilitator/read-order.ts'
import type { Order } from '../../facilitator/types.ts'
import { toWireError } from '../../lib/errors/to-wire.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { sendJson } from '../answer.ts'
import { readBody } from '../request/read-body.ts'

type Verb = 'verify' | 'settle'

/**
 * `POST /verify` and `POST /settle`. A payment that is not good is an answer (200, with its reason); a body that is no order is 400 with
 * x402's `invalid_payload` and our error beside it. Where the chain cannot be asked there is no verdict: 503, and nothing else.
 */
export function orderRoute({ facilitator, verb }: { facilitator: Facilitator; verb: Verb }): RequestHandler {
  return async (request, response) => {
    const body = await readInTime(request)
    const order = orderIn(body)
    if (order instanceof TurnpikeError) {
      sendJson({ response, status: 400, body: { ...NO_ORDER[verb], error: toWireError(order) } })
      return
    }
    const ask = async () => (verb === 'verify' ? facilitator.verify(order) : facilitator.settle(order))
    const answer = await ask().catch((cause: unknown) => {
      throw new TurnpikeError('chain_unreachable', { retryAfterMs: RETRY_MS, cause })
    })
    sendJson({ response, status: 200, body: answer })
  }
}

/** Who sends a byte now and then would keep others from their turn. */
async function readInTime(request: Request): Promise<Buffer> {
  const late = setTimeout(() => request.destroy(), LIMITS.facilitatorBodyMs)
  return readBody(request, { limitBytes: LIMITS.facilitatorBodyBytes }).finally(() => clearTimeout(late))
}

const RETRY_MS = 2_000

const NO_ORDER: Readonly<Record<Verb, Readonly<Record<string, unknown>>>> = {
  verify: { isValid: false, invalidReason: 'invalid_payload' },
  settle: { success: false, errorReason: 'invalid_payload', transaction: '', network: '' },
}

function orderIn(body: Buffer): Order | TurnpikeError {
  try {
    return readOrder(parse(body))
  } catch (error) {
    // Nested so deep that it cannot even be written down again.
    return error instanceof TurnpikeError ? error : new TurnpikeError('payment_malformed', { cause: error })
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new TurnpikeError('invalid_json', { cause })
  }
}
