import { parseAtomic, type Atomic } from '../../lib/money.ts'
import type { Fetch } from '../fetch.ts'

/** Pauses between the questions; in all they last as long as a call may. */
const PAUSES_MS = [200, 400, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000, 120_000, 180_000, 240_000]

/** A timer that keeps no process alive. */
const pause = (durationMs: number) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, durationMs)
    if (typeof timer === 'object') timer.unref()
  })

async function chargeOf({ url, fetch }: { url: string; fetch: Fetch }): Promise<Atomic | undefined> {
  const response = await fetch(url, { headers: { accept: 'application/json' } })
  if (!response.ok) return undefined
  const call: unknown = await response.json()
  if (typeof call !== 'object' || call === null || !('charge' in call)) return undefined
  return parseAtomic(call.charge)
}

/**
 * Asks what a call was charged whose answer ended without a receipt (GET /v1/calls/{id}), until it is known or the
 * longest call would be over. Nothing is paid meanwhile.
 */
export async function askForCall({
  callId,
  url,
  fetch,
}: {
  callId: string
  url: string
  fetch: Fetch
}): Promise<Atomic | undefined> {
  const callUrl = new URL(`/v1/calls/${encodeURIComponent(callId)}`, url).href
  for (const durationMs of PAUSES_MS) {
    await pause(durationMs)
    const chargeAtomic = await chargeOf({ url: callUrl, fetch }).catch(() => undefined)
    if (chargeAtomic !== undefined) return chargeAtomic
  }
  return undefined
}
