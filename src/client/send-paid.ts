import { encodePayment } from './wire/challenge.ts'
import type { Payment } from './context.ts'
import type { CallOutcome } from './wire/call-outcome.ts'
import { ReceiptError } from './wire/errors.ts'
import { askAndSettle, callIdOf, followCall } from './follow-call.ts'
import { explainAllowance } from './transfer/permit2-allowance.ts'

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

const codeIn = async (response: Response): Promise<unknown> => {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  return (body as { error?: { code?: unknown } } | undefined)?.error?.code
}

/** How long after a lost connection the server is asked what became of the payment. */
const ASK_AFTER_MS = 250
/** The server knows the payment: its call runs, or has ended. */
const KNOWN_PAYMENT: readonly unknown[] = ['payment_in_flight', 'payment_already_used']

/**
 * The connection was lost after the payment had left. The very same payment is sent once more: it can buy one call and
 * no second one. Where the first did not arrive this is the call, and its answer the caller's; where it did, the server
 * names the call, and what it was charged is asked for.
 *
 * @throws the fault of the first sending, where the answer is lost.
 */
async function askAgain({
  send,
  payment: { request, context },
  outcome,
  fault,
}: {
  send: () => Promise<Response>
  payment: Payment
  outcome: CallOutcome
  fault: unknown
}): Promise<Response> {
  const lose = () => {
    outcome.lose()
    context.lost.push({ url: request.url, bodyText: request.bodyText, outcome })
    if (context.lost.length > LOST_CALLS_KEPT) context.lost.shift()
  }
  if (request.signal?.aborted) {
    lose()
    throw fault
  }
  await new Promise((resolve) => {
    setTimeout(resolve, ASK_AFTER_MS)
  })
  const response = await send().catch(() => undefined)
  if (!response) {
    lose()
    throw fault
  }
  if (response.status !== 409 || !KNOWN_PAYMENT.includes(await codeIn(response))) return response
  const callId = callIdOf(response)
  void response.body?.cancel().catch(() => undefined)
  if (callId === undefined) lose()
  else {
    outcome.name(callId)
    void askAndSettle({ callId, url: request.url, outcome, context })
  }
  throw fault
}

/**
 * Sends the same request with a payment. Redirects are not followed: a payment is made out to one server.
 *
 * Where the connection is lost the call is never paid again: see `askAgain`. A ceiling whose charge nobody tells stays
 * counted, since the server may well have served the call.
 */
export async function sendPaid({
  payment,
  payload,
  extensions,
  outcome,
}: {
  payment: Payment
  payload: Readonly<Record<string, unknown>>
  extensions?: Readonly<Record<string, unknown>> | undefined
  outcome: CallOutcome
}): Promise<Response> {
  const { request, challenge, approved, context } = payment
  const headers = new Headers(request.headers)
  headers.set('payment-signature', encodePayment({ challenge, offer: approved.offer, payload, extensions }))
  const send = () => context.fetch(request.url, { ...request.init, headers, redirect: 'manual' })
  let response: Response
  try {
    response = await send()
  } catch (error) {
    if (wasNeverSent(error)) {
      outcome.refuse()
      throw error
    }
    response = await askAgain({ send, payment, outcome, fault: error })
  }
  try {
    return demandAnswer({ response, url: request.url })
  } catch (error) {
    if (error instanceof ReceiptError) outcome.stop(error)
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
