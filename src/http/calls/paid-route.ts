import type { Request } from 'express'
import { admitCall } from '../../call/admit/admit.ts'
import { admitOrganization } from '../../call/admit/admit-organization.ts'
import { fitBudgets } from '../../call/budgets/fit-budgets.ts'
import { creditPayment } from '../../call/admit/credit-payment.ts'
import { newQuoteNonce } from '../../call/plan/demand.ts'
import { dispatchCall } from '../../call/serve/dispatch.ts'
import { answeredBy } from '../../call/serve/answered-by.ts'
import { governPayer } from '../../call/caller/govern-payer.ts'
import { planGoverned } from '../../call/caller/plan-governed.ts'
import { takeCallRates } from '../../call/caller/rates.ts'
import { createMeter } from '../../call/serve/meter.ts'
import { priceProbe } from '../../call/plan/probe.ts'
import { recordCall, recordLater } from '../../call/serve/record.ts'
import { refuseWithheld } from '../../call/plan/refuse-withheld.ts'
import { signedPlanOf } from '../../call/plan/signed-plan.ts'
import type { AdmittedCall, FinishedCall, PlannedCall } from '../../call/types.ts'
import { errorSpec } from '../../lib/errors/registry.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { checkPayment } from '../../payment/check/check.ts'
import { type DecodedPayment, decodePayment } from '../../payment/check/payload.ts'
import { claimedRequestId, SIGN_IN, type SignedIn } from '../../payment/sign-in/sign-in.ts'
import type { CallPayment } from '../../payment/types.ts'
import { asUnavailable } from '../answer.ts'
import { callerAddress } from '../request/caller-address.ts'
import { createCallAnswer } from './call-answer.ts'
import { countUnpaid } from './count-unpaid.ts'
import { type Asked, demand, demandAgainOrThrow } from './demand.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { dialectAt } from '../request/dialects.ts'
import { freeCall } from './free-call.ts'
import { governedCall } from './governed-call.ts'
import { hangUpSignal } from './hang-up.ts'
import { idempotencyIdOf } from '../request/idempotency-id.ts'
import { readBody } from '../request/read-body.ts'
import { receive } from '../request/receive.ts'
import { refundRoute } from './refund-route.ts'
import { requireStorage } from '../request/require-storage.ts'
import { signedIn } from '../signed-in.ts'
import { withSignedReceipt } from './signed-receipt.ts'

type Exchange = Asked & { readonly requestId: string }

/** A paid call in the order in which it happens: read, plan, admit, dispatch, record. */
export async function paidRoute(exchange: Exchange): Promise<void> {
  const { request, requestId, dependencies } = exchange
  const paid = countUnpaid(exchange)
  const body = await readBody(request)
  const received = receive({ request, requestId, body, dependencies: dependencies.call })
  const payment = decodePayment({
    paymentSignature: request.headersDistinct['payment-signature'],
    xPayment: request.headersDistinct['x-payment'],
  })
  if (received.kind === 'probe')
    return answerProbe({ ...exchange, payment, requestHash: received.requestHash })

  const wallet = payment ? undefined : signedIn({ request, dependencies })
  const call = await governedCall({ request, received: received.call, signedIn: wallet, dependencies })
  const signed = signedPlanOf({
    token: quoteTokenOf({ request, payment }),
    requestHash: call.requestHash,
    dependencies: dependencies.call,
  })
  const plan = await planGoverned({ received: call, signed, dependencies: dependencies.call })
  const planned = named({ request, planned: plan, payment })
  const proof = payment ?? wallet
  const organizationId = payingOrganization({ planned, proof })
  if (planned.ceilingPicoUsd === 0n && organizationId === undefined)
    return withinRates({ ...exchange, planned }, async () => {
      const free = await freeCall({ planned, address: callerAddress(request), dependencies })
      paid()
      return free
    })
  requireStorage(dependencies)
  if (organizationId === undefined) return admitOrDemand({ ...exchange, planned, proof, paid })
  return withinRates({ ...exchange, planned }, async () => {
    const admitted = await admitOrganization({ planned, organizationId, dependencies: dependencies.call })
    paid()
    return admitted
  })
}

/**
 * Whose balance pays: a key's organisation, where no payment came along and no wallet was named that would bring one. Where there is nothing to
 * pay no wallet can, so the call is the organisation's and counts for its budgets and rates, whatever was named.
 */
function payingOrganization({
  planned: { caller, claimedPayer, ceilingPicoUsd },
  proof,
}: {
  planned: PlannedCall
  proof: DecodedPayment | SignedIn | undefined
}): string | undefined {
  const isWallets = ceilingPicoUsd > 0n && (proof !== undefined || claimedPayer !== undefined)
  if (isWallets || !caller?.rules.key) return undefined
  return caller.rules.organization?.id
}

/** Admits and serves a call within the rates of its caller, which have their share back where it is not served. */
async function withinRates(
  { planned, ...exchange }: Exchange & { planned: PlannedCall },
  admit: () => Promise<AdmittedCall | undefined>,
): Promise<void> {
  const rates = await takeCallRates({ planned, dependencies: exchange.dependencies.call })
  for (const [name, value] of Object.entries(rates.headers)) exchange.response.setHeader(name, value)
  let finished: FinishedCall | undefined
  try {
    const call = await admit()
    if (call) finished = await serve({ ...exchange, call })
  } finally {
    rates.end(finished)
  }
}

/** The quote that came back with a payment, or with a payer's proof; v1 cannot echo it. */
function quoteTokenOf({
  request,
  payment,
}: {
  request: Request
  payment: DecodedPayment | undefined
}): string | undefined {
  if (payment) return payment.x402Version === 2 ? payment.quoteToken : undefined
  return claimedRequestId(request.headers[SIGN_IN])
}

/** The call under its caller's own name for it, where it has one. */
function named({
  request,
  planned,
  payment,
}: {
  request: Request
  planned: PlannedCall
  payment: DecodedPayment | undefined
}): PlannedCall {
  const identifier = payment?.x402Version === 2 ? payment.identifier : undefined
  const idempotencyId = idempotencyIdOf({ header: request.headersDistinct['idempotency-key'], identifier })
  return idempotencyId === undefined ? planned : { ...planned, idempotencyId }
}

/** Serves a call that a wallet pays, or asks for payment. What budgets have no room for is not asked to pay. */
async function admitOrDemand({
  planned: asked,
  proof,
  paid,
  ...exchange
}: Exchange & {
  planned: PlannedCall
  proof: DecodedPayment | SignedIn | undefined
  paid: () => void
}): Promise<void> {
  const dependencies = exchange.dependencies.call
  const priceFor = (planned: PlannedCall) => fitBudgets({ planned, feePicoUsd: 0n, dependencies })
  if (!proof) return demand({ ...exchange, priced: await priceFor(asked) })
  // Only its name: the quote itself is made and signed where a 402 follows after all.
  const freshQuoteNonce = newQuoteNonce(dependencies)
  let planned = asked
  let admitted: AdmittedCall | undefined
  try {
    const payment =
      'payer' in proof
        ? await creditPayment({ signedIn: proof, requestHash: planned.requestHash, dependencies })
        : checkedPayment({ planned, payment: proof, dependencies: exchange.dependencies })
    refuseWithheld({ payment, withheldOf: dependencies.withheldOf })
    planned = await governPayer({ planned, payer: payment.payer, dependencies })
    await withinRates({ ...exchange, planned }, async () => {
      const result = await admitCall({ planned, payment, freshQuoteNonce, dependencies })
      if (result.kind === 'admitted') {
        paid()
        admitted = result.call
      } else {
        const { corrective } = result
        demand({ ...exchange, priced: planned, quoteNonce: freshQuoteNonce, corrective })
      }
      return admitted
    })
  } catch (error) {
    if (admitted) throw error
    const known = asUnavailable(error)
    const priced = errorSpec(known.code).status === 402 ? await priceFor(planned) : planned
    demandAgainOrThrow({ ...exchange, priced, quoteNonce: freshQuoteNonce, error: known })
  }
}

function checkedPayment({
  planned,
  payment,
  dependencies,
}: {
  planned: PlannedCall
  payment: DecodedPayment
  dependencies: HttpDependencies
}): CallPayment {
  const { terms, secret, clock, signatures } = dependencies.call
  const checked = checkPayment({
    payment,
    terms,
    requestHash: planned.requestHash,
    quotedCeilingPicoUsd: planned.ceilingPicoUsd,
    quoteSecret: secret,
    nowMs: clock.nowMs(),
    signatures,
  })
  if (checked.kind !== 'refund') return checked
  throw new TurnpikeError('payment_unsupported', {
    next: 'Ask for a refund with GET on this path and no body.',
  })
}

/** Somebody asks for the price, or (by GET, with a payment of type refund) for the rest of its channel. */
async function answerProbe({
  payment,
  requestHash,
  ...exchange
}: Exchange & { payment: DecodedPayment | undefined; requestHash: string }): Promise<void> {
  requireStorage(exchange.dependencies)
  const { kind } = dialectAt(exchange.request.path)
  const priced = priceProbe({ requestHash, kind, dependencies: exchange.dependencies.call })
  if (!payment) return demand({ ...exchange, priced, isProbe: true })
  try {
    const corrective = await refundRoute({ ...exchange, payment, priced })
    if (corrective) demand({ ...exchange, priced, corrective })
  } catch (error) {
    demandAgainOrThrow({ ...exchange, priced, error })
  }
}

async function serve({
  call,
  request,
  response,
  dependencies,
}: Exchange & { call: AdmittedCall }): Promise<FinishedCall> {
  const hangUp = hangUpSignal({ response })
  const answer = createCallAnswer({ call, response })
  const meter = createMeter(call)
  const ended = await dispatchCall({
    call,
    signal: hangUp.signal,
    onPart: answer.write,
    meter,
    dependencies: dependencies.call,
  }).finally(hangUp.done)
  const finished = answeredBy({ finished: ended, catalog: dependencies.call.catalog })
  try {
    const recorded = await recordCall({ finished, dependencies: dependencies.call })
    answer.end(withSignedReceipt({ recorded, request, dependencies }))
    dependencies.onRecorded(recorded)
  } catch (error) {
    answer.fail(asUnavailable(error))
    void recordLater({ finished, dependencies: dependencies.call })
    throw error
  }
  dependencies.onDelivered({ call: finished, delivered: meter.delivered })
  return finished
}
