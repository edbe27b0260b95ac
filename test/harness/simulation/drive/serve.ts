import { admitCall } from '../../../../src/call/admit/admit.ts'
import { dispatchCall } from '../../../../src/call/serve/dispatch.ts'
import { recordCall, recordLater, type RecordedCall } from '../../../../src/call/serve/record.ts'
import type { AdmittedCall, PlannedCall } from '../../../../src/call/types.ts'
import { UNKNOWN_FACTS } from '../../../../src/catalog/unknown-facts.ts'
import type { ChatRequest } from '../../../../src/chat/types.ts'
import { TurnpikeError } from '../../../../src/lib/errors/turnpike-error.ts'
import type { ChannelState } from '../../../../src/payment/types.ts'
import type { Process } from '../process/process.ts'
import { endpointsAt } from '../setup.ts'
import type { Operation } from '../chain/operations.ts'
import type { World } from '../world.ts'
import { newPayment, newQuote, type Payment } from './payment.ts'
import { operationOf } from './signed-operation.ts'

const REQUEST: ChatRequest = {
  model: 'vendor/model',
  stream: true,
  choices: 1,
  includeUsage: false,
  hasMessageExtensions: false,
  messageCount: 1,
  toolCount: 0,
  fields: {},
  text: '{}',
  members: [],
}

function planOf(world: World, callId: string, requestId: string): PlannedCall {
  const model = {
    ...UNKNOWN_FACTS,
    id: 'vendor/model',
    name: 'Model',
    contextTokens: 1_000,
    source: '',
    sourceDate: '',
  }
  return {
    callId,
    requestId,
    path: '/v1/chat/completions',
    request: REQUEST,
    requestHash: 'hash',
    receivedAtMs: world.scheduler.nowMs(),
    retryCount: 0,
    model,
    candidates: endpointsAt(world.priceFactor),
    strategy: 'cost',
    reason: '',
    outputCap: 256,
    inputBoundTokens: 10,
    estimatePicoUsd: 0n,
    ceilingPicoUsd: 1n,
    ceilingAt: () => 1n,
    priceBook: 'book',
  }
}

/** Answers after which a client signs afresh: this payment, it is told, has not been taken. */
const ASK_AGAIN: ReadonlySet<string> = new Set([
  'payment_not_settled',
  'deposit_failed',
  'insufficient_funds',
])

type Serving = { readonly world: World; readonly process: Process; readonly payment: Payment }

/** A client sends a payment with its request to one process; what http/calls/paid-route does follows, without the wire. */
export function send({ world, process, payment }: Serving): void {
  const callId = `call_${world.newId()}`
  const requestId = `request-${callId}`
  payment.callIds.push(callId)
  world.requests.set(requestId, { payment, callId })
  const planned = planOf(world, callId, requestId)
  world.pricesOf.set(callId, planned.candidates[0].prices?.inputPicoUsd ?? 0n)
  world.scheduler.start(process.life, () => serve({ world, process, payment, planned }))
}

async function serve(serving: Serving & { planned: PlannedCall }): Promise<void> {
  const { world, process, payment, planned } = serving
  const quote = newQuote(world)
  const freshQuoteNonce = quote.nonce
  const dependencies = process.call
  const result = await admitCall({
    planned,
    payment: payment.checked,
    freshQuoteNonce,
    dependencies,
  }).catch((error: unknown) => {
    if (error instanceof TurnpikeError && ASK_AGAIN.has(error.code)) deny(world, payment)
    throw error
  })
  if (result.kind === 'admitted') return answer({ ...serving, call: result.call })
  const { channel } = payment.wallet
  const { state } = result.corrective
  // Who is told of a balance that does not suffice signs another deposit.
  const neededAtomic = state.chargedAtomic + state.heldAtomic + payment.checked.ceilingAtomic
  if (state.balanceAtomic < neededAtomic && isUnderWay(world, payment.fundingKey)) deny(world, payment)
  follow(channel, state, state.chargedAtomic + state.heldAtomic)
  // A stock client signs once more from what it was told, and gives up after that.
  if (payment.isCorrected || world.random.percent(20)) return undefined
  const { payer, wallet, checked } = payment
  const { scheme, ceilingAtomic } = checked
  const again = newPayment({ world, payer, wallet, scheme, ceilingAtomic, quote, isCorrected: true })
  send({ world, process, payment: again })
  return undefined
}

/** A client is told to pay again. */
function deny(world: World, payment: Payment): void {
  if (payment.fundingKey === undefined) return
  world.denied.set(
    payment.fundingKey,
    world.denied.get(payment.fundingKey) === true || isOnChain(world, payment),
  )
}

function isOnChain({ simulated }: World, payment: Payment): boolean {
  const nonce = permissionIn(operationOf(payment))?.nonce
  return simulated.blocks
    .mined()
    .some(
      ({ operation, receipt }) =>
        receipt.transfers.length > 0 && nonce !== undefined && permissionIn(operation)?.nonce === nonce,
    )
}

const permissionIn = (operation: Operation | undefined) =>
  operation && 'permission' in operation ? operation.permission : undefined

function isUnderWay({ tables }: World, fundingKey = ''): boolean {
  const state = tables.fundings.get(tables.fundingOfKey.get(fundingKey) ?? '')?.state
  return state === 'reserved' || state === 'signed'
}

/** The client goes on from the server's sums, as far as its own vouchers prove them. */
function follow(channel: Payment['wallet']['channel'], state: ChannelState, chargedAtomic: bigint): void {
  channel.balanceAtomic = state.balanceAtomic
  if (chargedAtomic <= (state.highest?.maxAtomic ?? 0n)) channel.chargedAtomic = chargedAtomic
}

async function answer({ world, process, payment, call }: Serving & { call: AdmittedCall }): Promise<void> {
  const { fate, received } = payment
  const { callId } = call
  const caller = new AbortController()
  if (fate.hangUpAfter === 0) caller.abort('gone')
  if (payment.checked.kind === 'voucher' && payment.checked.deposit && call.channel)
    payment.wallet.channel.balanceAtomic = call.channel.balanceAtomic
  const dependencies = process.call
  const finished = await dispatchCall({
    call,
    signal: caller.signal,
    onPart: ({ type }) => {
      if (type !== 'content' && type !== 'finish') return
      received.set(callId, (received.get(callId) ?? 0) + 1)
      if (received.get(callId) === fate.hangUpAfter) caller.abort('gone')
    },
    dependencies,
  })
  try {
    const recorded = await recordCall({ finished, dependencies })
    await world.scheduler.enter(process.life, 'answer', () => hear(payment, recorded))
  } catch {
    world.scheduler.start(process.life, () => recordLater({ finished, dependencies }))
  }
}

/** The last event has reached the caller, with its receipt. */
function hear(payment: Payment, recorded: RecordedCall): void {
  payment.served.add(recorded.callId)
  const { channel } = payment.wallet
  const extra = recorded.receipt?.extra as
    | { chargedAmount: string; channelState?: { chargedCumulativeAmount: string; balance: string } }
    | undefined
  if (!extra?.channelState) return
  const sum = BigInt(extra.channelState.chargedCumulativeAmount)
  if (channel.chargedAtomic + BigInt(extra.chargedAmount) === sum) channel.chargedAtomic = sum
  channel.balanceAtomic = BigInt(extra.channelState.balance)
}
