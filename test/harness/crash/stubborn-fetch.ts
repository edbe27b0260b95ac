import { setTimeout as sleep } from 'node:timers/promises'
import type { Fetch } from '../../../src/client/fetch.ts'
import type { Random } from '../../bench/random.ts'

/** Answers after which the same payment is to be sent again: its call runs, its money is on its way, or the server is ill. */
const AGAIN = new Set(['payment_in_flight', 'settlement_pending', 'channel_busy', 'channel_crowded'])
const PATIENCE_MS = 60_000
const ONE_TRY_MS = 35_000
const PAUSE_MS = 60

export type Stubborn = {
  readonly fetch: Fetch
  /** Payments that were sent more than once at the same moment, and those of them that were answered twice. */
  readonly duplicates: () => number
  readonly twiceServed: () => number
  readonly tries: () => number
}

/**
 * A client that does not give up: whatever carries a payment is sent again, byte for byte, until something conclusive comes back
 * over an unbroken connection. Some payments it sends twice at once, on purpose.
 *
 * @param duplicateShare percent of payments. @param isHopeless no server will come back: no use in waiting.
 */
export function createStubbornFetch({
  random,
  duplicateShare,
  isHopeless,
}: {
  random: Random
  duplicateShare: number
  isHopeless: () => boolean
}): Stubborn {
  let duplicates = 0
  let twiceServed = 0
  let tries = 0

  async function sendOnce(input: Parameters<Fetch>[0], init: RequestInit): Promise<Response | undefined> {
    tries += 1
    try {
      const response = await fetch(input, { ...init, signal: AbortSignal.timeout(ONE_TRY_MS) })
      const text = await response.text()
      return isWhole({ response, text }) ? rebuilt({ response, text }) : undefined
    } catch {
      return undefined
    }
  }

  async function sendSome(input: Parameters<Fetch>[0], init: RequestInit): Promise<Response | undefined> {
    const isPaid = new Headers(init.headers).has('payment-signature')
    if (!isPaid || random.integer(1, 100) > duplicateShare) return sendOnce(input, init)
    duplicates += 1
    const answers = await Promise.all([sendOnce(input, init), sendOnce(input, init)])
    if (answers.every((answer) => answer?.status === 200)) twiceServed += 1
    return answers.find((answer) => answer?.status === 200) ?? answers.find(Boolean)
  }

  return {
    duplicates: () => duplicates,
    twiceServed: () => twiceServed,
    tries: () => tries,
    async fetch(input, init = {}) {
      const deadlineMs = performance.now() + PATIENCE_MS
      for (let round = 1; ; round += 1) {
        const answer = await sendSome(input, init)
        if (answer && !(await isAgain(answer))) return answer
        if (performance.now() > deadlineMs || isHopeless()) throw new Error('No word from the server.')
        await sleep(Math.min(PAUSE_MS * round, 1_000))
      }
    },
  }
}

/** A stream without its end, or JSON without its end, is no answer. */
function isWhole({ response, text }: { response: Response; text: string }): boolean {
  if (response.status !== 200) return true
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
  return isStream ? text.endsWith('data: [DONE]\n\n') : text.endsWith('}')
}

/** The same answer once more, since its body has been read. */
function rebuilt({ response, text }: { response: Response; text: string }): Response {
  const { status, statusText, headers, url } = response
  const copy = new Response(text, { status, statusText, headers })
  Object.defineProperty(copy, 'url', { value: url })
  return copy
}

async function isAgain(response: Response): Promise<boolean> {
  if (response.status >= 500) return true
  if (response.status !== 409 && response.status !== 429) return false
  return AGAIN.has(await codeOf(response.clone()))
}

/** The code of an error's body; empty where there is none. */
export async function codeOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => ({}))) as { error?: { code?: string } }
  return body.error?.code ?? ''
}
