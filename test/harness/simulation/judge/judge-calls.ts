import { NO_USAGE } from '../../../../src/chat/usage.ts'
import type { Payment } from '../drive/payment.ts'
import type { World } from '../world.ts'
import { expectedCharge } from './expected-charge.ts'
import type { Verdict } from './verdict.ts'

/** Every payment bought at most one call, which was run at most once and charged for what it delivered. */
export function judgeCalls(world: World, verdict: Verdict): void {
  for (const payment of world.payments) judgePayment(world, payment, verdict)
  verdict.calls = world.requests.size
  const calls = new Set(world.runs.map(({ callId }) => callId))
  for (const callId of calls) {
    const ofCall = world.runs.filter((run) => run.callId === callId)
    for (const own of Map.groupBy(ofCall, ({ endpointId }) => endpointId).values()) {
      // Once more by the same process, where nothing had come of it (call/serve/walk-plan). After a crash never.
      const [first] = own
      const isSameLife = own.every(({ life }) => life === first?.life)
      const most = isSameLife && first?.usage.current === NO_USAGE ? 2 : 1
      if (own.length <= most) continue
      verdict.duplicateUpstream += own.length - most
      verdict.violations.push(`${callId} was sent twice to one provider`)
    }
  }
}

function judgePayment(world: World, payment: Payment, verdict: Verdict): void {
  const { tables, runs } = world
  const ran = payment.callIds.filter((callId) => runs.some((run) => run.callId === callId))
  if (ran.length > 1) {
    verdict.duplicateUpstream += ran.length - 1
    verdict.violations.push(`payment ${payment.key.slice(-6)} ran ${ran.length} calls: ${ran.join(' ')}`)
  }
  const charged = payment.callIds.filter((callId) => (tables.captures.get(callId)?.chargeAtomic ?? 0n) > 0n)
  if (charged.length > 1) {
    verdict.doubleCharged += charged.length - 1
    verdict.violations.push(`payment ${payment.key.slice(-6)} was charged ${charged.length} times`)
  }
  for (const callId of payment.callIds) judgeCall(world, payment, callId, verdict)
}

function judgeCall(world: World, payment: Payment, callId: string, verdict: Verdict): void {
  const { tables, runs } = world
  const capture = tables.captures.get(callId)
  if (!tables.admissions.has(callId)) return
  if (!capture) {
    verdict.violations.push(`${callId} has never ended`)
    return
  }
  const received = payment.received.get(callId) ?? 0
  const { chargeAtomic } = capture
  if (chargeAtomic > 0n && received === 0) {
    verdict.chargedVoid += 1
    verdict.violations.push(`${callId} was charged and nothing was delivered`)
  }
  if (chargeAtomic > 0n && !payment.served.has(callId)) verdict.paidNotDelivered += 1
  const usage = runs.findLast((run) => run.callId === callId)?.usage.current
  if (capture.outcome === 'abandoned' || received === 0 || !usage) return
  const { scheme, ceilingAtomic, asset } = payment.checked
  const inputPicoUsd = world.pricesOf.get(callId) ?? 0n
  const expected = expectedCharge({ usage, inputPicoUsd, scheme, ceilingAtomic, decimals: asset.decimals })
  if (chargeAtomic === expected) return
  if (chargeAtomic > expected) verdict.doubleCharged += 1
  else verdict.lost += 1
  verdict.violations.push(`${callId} was charged ${chargeAtomic} in the place of ${expected}`)
}
