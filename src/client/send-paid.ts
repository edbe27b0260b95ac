import { encodePayment } from './challenge.ts'
import type { Payment } from './context.ts'
import type { CallOutcome } from './call-outcome.ts'
import { ReceiptError } from './errors.ts'
import { followCall } from './follow-call.ts'
import { explainAllowance } from './permit2-allowance.ts'

const LOST_CALLS_KEPT = 256

/** Faults that happen before a byte of the request has left. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])

function wasNeverSent(error: unknown): boolean {
  const { cause } = (error ?? {}) as { cause?: { code?: unknown } }
  return typeof cause?.code === 'string' && NEVER_SENT.has(cause.code)
}

/** A payment is for the server that it was made out to: it is not carried on to another address. */
function demandAnswer({ response, url }: { response: Response; url: string }): Response {
  const isRedirect = response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)
  if (!isRedirect) return response
  void response.body?.cancel().catch(() => undefined)
  throw new ReceiptError(
    'redirected',
    `${new URL(url).origin} answered the payment with a redirect, which was not followed. The call counts at its ceiling.`,
  )
}

/**
 * Sends the same request with a payment, once. Redirects are not followed: a payment is made out to one server.
 *
 * Where the connection is lost the ceiling stays counted, since the server may well have served the call.
 */
export async function sendPaid({
  payment: { request, challenge, approved, context },
  payload,
  extensions,
  outcome,
}: {
  payment: Payment
  payload: Readonly<Record<string, unknown>>
  extensions?: Readonly<Record<string, unknown>> | undefined
  outcome: CallOutcome
}): Promise<Response> {
  const headers = new Headers(request.headers)
  headers.set('payment-signature', encodePayment({ challenge, offer: approved.offer, payload, extensions }))
  try {
    const response = await context.fetch(request.url, { ...request.init, headers, redirect: 'manual' })
    return demandAnswer({ response, url: request.url })
  } catch (error) {
    if (error instanceof ReceiptError) outcome.stop(error)
    else if (wasNeverSent(error)) outcome.refuse()
    else {
      context.lost.push({ url: request.url, bodyText: request.bodyText, outcome })
      if (context.lost.length > LOST_CALLS_KEPT) context.lost.shift()
    }
    throw error
  }
}

const NEEDS_ALLOWANCE = 'permit2_allowance_required'

/** Why a deposit or an `exact` payment in such a token was not executed. */
const LACKS_ALLOWANCE = 'insufficient_allowance'

/** Whether the server says that the token has to be released to Permit2 first. */
async function lacksAllowance(response: Response): Promise<boolean> {
  if (response.status !== 412 && response.status !== 402) return false
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  const { error } = (body ?? {}) as { error?: { code?: unknown; reason?: unknown } }
  return error?.code === NEEDS_ALLOWANCE || error?.reason === LACKS_ALLOWANCE
}

/**
 * Follows the answer; a contradiction in its header ends the call, since its receipt cannot be believed.
 *
 * @throws ApprovalRequiredError instead of an answer that asks for an approval.
 */
export async function followOrClose({
  response,
  payment,
  outcome,
}: {
  response: Response
  payment: Payment
  outcome: CallOutcome
}): Promise<Response> {
  const { request, context } = payment
  try {
    const mustApprove = await lacksAllowance(response)
    const followed = followCall({ response, request, outcome, context })
    if (mustApprove) throw explainAllowance(payment)
    return followed
  } catch (error) {
    void response.body?.cancel().catch(() => undefined)
    throw error
  }
}
