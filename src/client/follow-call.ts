import { askForCall } from './wire/ask-for-call.ts'
import type { CallOutcome } from './wire/call-outcome.ts'
import type { PayContext } from './context.ts'
import { ReceiptError } from './wire/errors.ts'
import { readReceipt, watchBody, type PaidReceipt } from './wire/read-receipt.ts'
import type { ReplayableRequest } from './wire/replayable-request.ts'

type Followed = {
  readonly response: Response
  readonly request: ReplayableRequest
  readonly outcome: CallOutcome
  readonly context: PayContext
}

/** Lets a contradiction stop what it concerns before it is thrown. */
function heed<Result>({ outcome, act }: { outcome: CallOutcome; act: () => Result }): Result {
  try {
    return act()
  } catch (error) {
    if (error instanceof ReceiptError) outcome.stop(error)
    throw error
  }
}

/** A charge that nobody tells stays counted at its ceiling; a contradiction stops the channel, which its next call says. */
export async function askAndSettle({
  callId,
  url,
  outcome,
  context,
}: { callId: string; url: string } & Pick<Followed, 'outcome' | 'context'>): Promise<void> {
  try {
    const chargeAtomic = await askForCall({ callId, url, fetch: context.fetch })
    if (chargeAtomic !== undefined) heed({ outcome, act: () => outcome.settle(chargeAtomic, callId) })
  } catch {
    // Nobody waits for this; see above.
  }
}

/** A 409 names the call that the lost answer belonged to (a retry of the SDK finds it that way). */
function findLost({
  callId,
  request,
  context,
}: { callId: string } & Pick<Followed, 'request' | 'context'>): void {
  const index = context.lost.findIndex(
    ({ url, bodyText }) => url === request.url && bodyText === request.bodyText,
  )
  const [lost] = index === -1 ? [] : context.lost.splice(index, 1)
  if (lost) void askAndSettle({ callId, url: lost.url, outcome: lost.outcome, context })
}

/**
 * Learns from the answer to a paid request what the call was charged: from the header, from the comment in the stream,
 * or, where the stream ends without one, from GET /v1/calls/{id}.
 *
 * @returns the answer; a stream's body is passed through untouched while it is watched.
 */
export function followCall({ response, request, outcome, context }: Followed): Response {
  const callId = callIdOf(response)
  // A 409 speaks of another payment or call than this one, and so does its receipt.
  if (response.status === 402 || response.status === 409) {
    outcome.refuse()
    if (callId !== undefined) findLost({ callId, request, context })
    return response
  }
  if (callId !== undefined) outcome.name(callId)
  const text = response.headers.get('payment-response')
  return heed({
    outcome,
    act() {
      const receipt = text === null ? undefined : readReceipt(text)
      if (isStream(response)) {
        return followStream({ response, request, outcome, context }, { receipt, callId })
      }
      if (receipt?.success) outcome.receive(receipt, callId)
      else if (callId !== undefined) void askAndSettle({ callId, url: request.url, outcome, context })
      else if (response.status >= 400 && response.status < 500) outcome.refuse()
      return response
    },
  })
}

/** What a server calls a call ends up in an address and in a file: anything unusual is no name. */
export function callIdOf(response: Response): string | undefined {
  const name = response.headers.get('x-call-id') ?? ''
  return /^[\w-]{1,100}$/.test(name) ? name : undefined
}

const isStream = (response: Response) =>
  response.ok &&
  response.body !== null &&
  (response.headers.get('content-type') ?? '').toLowerCase().startsWith('text/event-stream')

function followStream(
  { response, request, outcome, context }: Followed,
  { receipt, callId }: { receipt: PaidReceipt | undefined; callId: string | undefined },
): Response {
  if (!response.body) return response
  if (receipt?.success) outcome.open(receipt, callId)
  let isKnown = false
  const body = watchBody({
    body: response.body,
    onComment(text) {
      isKnown = true
      heed({ outcome, act: () => outcome.receive(readReceipt(text), callId) })
    },
    onEnd() {
      if (isKnown) return
      if (callId !== undefined) void askAndSettle({ callId, url: request.url, outcome, context })
      else if (receipt?.chargeAtomic !== undefined) outcome.receive(receipt, callId)
    },
  })
  const { status, statusText, headers, url } = response
  const followed = new Response(body, { status, statusText, headers })
  // A constructed answer has no address of its own; readers expect the one that was asked.
  Object.defineProperty(followed, 'url', { value: url })
  return followed
}
