import { paidToken } from '../../../../src/call/admit/paid-token.ts'
import type { World } from '../world.ts'
import type { Verdict } from './verdict.ts'

const TERMINAL = new Set(['final', 'failed', 'lapsed'])

/** In the middle of the drain, before signatures expire: what the chain would still take must be on its way to final. */
export function judgeSettling(world: World, verdict: Verdict): void {
  const { tables, simulated, scheduler } = world
  const timestamp = Math.floor(scheduler.nowMs() / 1_000)
  for (const { callId, state } of tables.settlements.values()) {
    if (state === 'final') continue
    const admission = tables.admissions.get(callId)
    const capture = tables.captures.get(callId)
    if (!admission?.authorization || !capture || timestamp > admission.authorization.deadline) continue
    const token = paidToken(admission)
    if (!token) continue
    const { authorization, payer } = admission
    const { calldata, sender } = simulated.chain
    const settlement = {
      callId,
      ...token,
      payer: payer.id as typeof token.asset,
      amountAtomic: capture.chargeAtomic,
      authorization,
    }
    const operation = simulated.decode(calldata.upto(settlement).data)
    const refusal = simulated.blocks.simulate({ sender: sender.lanes.signer.address, operation, timestamp })
    if (refusal !== undefined) continue
    verdict.lost += 1
    verdict.violations.push(`upto ${callId} is ${state} and could be settled`)
  }
}

/** At the very end: nothing is under way any more, and every channel has been claimed for. */
export function judgeSettled(world: World, verdict: Verdict): void {
  const { tables } = world
  const stuck = (name: string, state: string) => verdict.violations.push(`${name} is still ${state}`)
  for (const { id, kind, state } of tables.fundings.values())
    if (!TERMINAL.has(state)) stuck(`funding ${kind} ${id}`, state)
  for (const { callId, state } of tables.settlements.values())
    if (!TERMINAL.has(state)) stuck(`settlement ${callId}`, state)
  for (const { id, kind, state } of tables.refunds.values())
    if (!TERMINAL.has(state)) stuck(`refund ${kind} ${id}`, state)
  for (const { id, purpose, state } of tables.transactions.values())
    if (!TERMINAL.has(state)) stuck(`transaction ${purpose.kind} ${id}`, state)
  for (const { id, key } of tables.channels.values()) {
    const row = tables.balances.get(key)
    if (!row) continue
    const charged = row.debitsPosted - row.refundsPosted
    if (row.claimed === charged) continue
    verdict.lost += 1
    verdict.violations.push(`channel ${id}: charged ${charged}, claimed ${row.claimed}`)
  }
}
