import { paidToken } from '../../../src/call/admit/paid-token.ts'
import type { Capture, Captured } from '../../../src/call/types.ts'
import { ACCOUNTS, USD_LEDGER } from '../../../src/ledger/accounts.ts'
import { minBigint } from '../../../src/lib/money.ts'
import { addToSums, channelStateOf, ensureBalance, putBalance } from './balances.ts'
import type { Tables } from './tables.ts'

const ceilingPicoUsd = (ceilingAtomic: bigint, decimals: number) =>
  decimals <= 12 ? ceilingAtomic * 10n ** BigInt(12 - decimals) : ceilingAtomic / 10n ** BigInt(decimals - 12)

/** What is charged of what was asked for: never more than the ceiling. */
function boundOf(capture: Capture, ceilingAtomic: bigint, decimals: number): Capture {
  if (capture.chargeAtomic <= ceilingAtomic) return capture
  const chargePicoUsd = minBigint(capture.chargePicoUsd, ceilingPicoUsd(ceilingAtomic, decimals))
  return { ...capture, chargeAtomic: ceilingAtomic, chargePicoUsd }
}

/** The capture that is there already, with the channel as it is now. */
function storedCapture(tables: Tables, callId: string): Captured | undefined {
  const stored = tables.captures.get(callId)
  if (!stored) return undefined
  const { channelCharged: _charged, ...capture } = stored
  const row = tables.balances.get(
    tables.channels.get(tables.admissions.get(callId)?.channel?.id ?? '')?.key ?? '',
  )
  return { capture, ...(row ? { channel: channelStateOf(row) } : {}) }
}

/** W3 inside a commit: posts or voids the holds and leaves the settlement intent. */
export function captureOne(tables: Tables, request: Capture): Captured {
  const admission = tables.admissions.get(request.callId)
  if (!admission) throw new RangeError(`There is no call ${request.callId} to capture.`)
  const stored = storedCapture(tables, request.callId)
  if (stored) return stored
  const capture = boundOf(request, admission.ceilingAtomic, admission.decimals)
  let channel: Captured['channel']
  for (const { ledger, account, amount } of admission.holds) {
    const charge = ledger === USD_LEDGER ? capture.chargePicoUsd : capture.chargeAtomic
    const posted = minBigint(charge, amount)
    const row = ensureBalance(tables, ledger, account)
    const startsUnclaimed = posted > 0n && row.debitsPosted - row.refundsPosted === row.claimed
    const moved = {
      ...row,
      debitsPending: row.debitsPending - amount,
      debitsPosted: row.debitsPosted + posted,
      unclaimedSinceMs: startsUnclaimed ? capture.atMs : row.unclaimedSinceMs,
      movedAtMs: Math.max(row.movedAtMs, capture.atMs),
    }
    putBalance(tables, moved)
    if (posted > 0n) addToSums(tables, { ledger, debit: account, credit: ACCOUNTS.revenue, amount: posted })
    if (row.kind === 'channel') channel = channelStateOf(moved)
  }
  const channelCharged = channel ? { channelCharged: channel.chargedAtomic } : {}
  tables.journal.put(tables.captures, capture.callId, { ...capture, ...channelCharged })
  const network = paidToken(admission)?.network
  if (network && admission.scheme === 'upto' && capture.chargeAtomic > 0n) {
    const { callId } = capture
    tables.journal.put(tables.settlements, callId, { callId, network, state: 'due' })
  }
  return { capture, ...(channel ? { channel } : {}) }
}
