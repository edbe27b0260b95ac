import { createSseDecoder } from '../lib/sse.ts'

type Usage = { readonly prompt_tokens: number; readonly completion_tokens: number }

/** What a streamed answer told: what was charged, for what, and how soon. */
export type StreamedCall = {
  readonly ceiling: string
  readonly charge: string
  readonly chargeUsd: string
  readonly usage: Usage
  /** Until the first content, from the moment of asking. */
  readonly ttfbMs: number
  readonly transaction?: string
}

type Chunk = {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[]
  readonly usage?: Usage | null
  readonly turnpike?: { readonly charge: string; readonly ceiling: string; readonly charge_usd: string }
  readonly error?: { readonly message: string }
}

/**
 * Reads a paid stream to its end.
 *
 * @throws Error where the answer is not a stream, breaks off, or does not tell its charge.
 */
export async function readStream({
  response,
  startedAtMs,
  onText,
}: {
  response: Response
  startedAtMs: number
  onText: (text: string) => void
}): Promise<StreamedCall> {
  if (!response.ok || !response.body)
    throw new Error(`The call was answered ${response.status}: ${await response.text()}`)
  const decoder = createSseDecoder({ maxLineBytes: 1024 * 1024 })
  let ttfbMs: number | undefined
  let usage: Usage | undefined
  let turnpike: Chunk['turnpike']
  for await (const bytes of response.body) {
    for (const { data } of decoder.push(bytes)) {
      if (data === '[DONE]') continue
      const chunk = JSON.parse(data) as Chunk
      if (chunk.error) throw new Error(chunk.error.message)
      const text = chunk.choices?.[0]?.delta?.content
      if (text) {
        ttfbMs ??= Math.round(performance.now() - startedAtMs)
        onText(text)
      }
      usage = chunk.usage ?? usage
      turnpike = chunk.turnpike ?? turnpike
    }
  }
  if (!usage || !turnpike || ttfbMs === undefined)
    throw new Error('The stream ended without telling its charge.')
  const { charge, ceiling, charge_usd: chargeUsd } = turnpike
  const transaction = transactionOf(response)
  return { charge, ceiling, chargeUsd, usage, ttfbMs, ...(transaction ? { transaction } : {}) }
}

function transactionOf(response: Response): string | undefined {
  const header = response.headers.get('payment-response')
  if (!header) return undefined
  return (JSON.parse(Buffer.from(header, 'base64').toString()) as { transaction?: string }).transaction
}
