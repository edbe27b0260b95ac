import { seeded } from '../../support/dialect-answers.ts'
import { CAPS, MODEL } from './world.ts'

/** What came of the calls that were offered. */
export type Offered = {
  readonly served: number
  /** By status and code. */
  readonly refused: Readonly<Record<string, number>>
  /** What the answers say that was charged, in pico-USD. */
  readonly chargedPicoUsd: bigint
}

/** How long an answer is follows from what is said, so that every call says something else. */
async function askOnce({
  chatUrl,
  key,
  cap,
  index,
}: {
  chatUrl: string
  key: string
  cap: number
  index: number
}) {
  const answer = await fetch(chatUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({
      model: MODEL,
      max_tokens: cap,
      messages: [{ role: 'user', content: `Say something, for the ${index}th time.` }],
    }),
  })
  return (await answer.json()) as {
    readonly error?: { readonly code: string }
    readonly turnpike?: { readonly charge: string }
  }
}

/** Offers so many calls, so many at once, to all servers in turn. One that is gone takes its calls along, and gets no more. */
export async function offerCalls({
  chatUrls,
  key,
  calls,
  inFlight,
  seed,
  onCall = () => undefined,
}: {
  chatUrls: readonly string[]
  key: string
  calls: number
  inFlight: number
  seed: number
  onCall?: (index: number) => void
}): Promise<Offered> {
  const random = seeded(seed)
  const caps = Array.from({ length: calls }, () => CAPS[Math.floor(random() * CAPS.length)] ?? CAPS[0])
  const refused: Record<string, number> = {}
  let served = 0
  let chargedPicoUsd = 0n
  let living = chatUrls
  let next = 0

  async function lane(): Promise<void> {
    while (next < calls) {
      const index = next
      next += 1
      onCall(index)
      const chatUrl = living[index % living.length] ?? ''
      const { error, turnpike } = await askOnce({ chatUrl, key, cap: caps[index] ?? CAPS[0], index }).catch(
        () => {
          living = living.filter((url) => url !== chatUrl)
          return { error: { code: 'connection' }, turnpike: undefined }
        },
      )
      if (error) refused[error.code] = (refused[error.code] ?? 0) + 1
      else served += 1
      chargedPicoUsd += BigInt(turnpike?.charge ?? 0)
    }
  }

  await Promise.all(Array.from({ length: inFlight }, lane))
  return { served, refused, chargedPicoUsd }
}
