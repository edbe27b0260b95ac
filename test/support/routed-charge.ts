import type { RoutedEndpoint } from './routed-stack.ts'

/** What one provider is owed for: what it read and what it wrote. */
export type Owed = {
  readonly endpoint: RoutedEndpoint
  readonly inputTokens: number
  readonly outputTokens: number
}

const divideUp = (dividend: bigint, divisor: bigint) => (dividend + divisor - 1n) / divisor

export const costPicoUsd = ({ endpoint, inputTokens, outputTokens }: Owed): bigint =>
  BigInt(inputTokens) * endpoint.inputPicoUsd + BigInt(outputTokens) * endpoint.outputPicoUsd

/**
 * What a call must be charged, computed apart from the server: each provider's part with five percent on top, and one rounding up to
 * atomic units of a token with six decimals.
 */
export function chargeAtomic(owed: readonly Owed[]): bigint {
  const picoUsd = owed.reduce((sum, one) => sum + divideUp(costPicoUsd(one) * 105n, 100n), 0n)
  return divideUp(picoUsd, 1_000_000n)
}

export type StreamRead = {
  readonly text: string
  /** Events that brought text: the simulated providers write one token in each. */
  readonly tokens: number
  /** The error that the stream ends with, where it does. */
  readonly errorCode?: string
  readonly isWhole: boolean
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number }
  readonly turnpike?: Readonly<Record<string, unknown>>
  /** Places where another provider went on. */
  readonly seams: number
  /** `chargedAmount` or `amount` of the receipt that came in the stream. */
  readonly receipt?: Readonly<Record<string, unknown>>
}

type Chunk = {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[]
  readonly error?: { readonly code: string }
  readonly usage?: StreamRead['usage']
  readonly turnpike?: Readonly<Record<string, unknown>>
}

const RECEIPT = ': payment-response '

/** Reads a stream as its caller does. */
export function readStream(body: string): StreamRead {
  const events = body.split('\n\n').filter((event) => event !== '')
  const chunks = events
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)) as Chunk)
  const texts = chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '').filter((text) => text !== '')
  const errorCode = chunks.findLast(({ error }) => error)?.error?.code
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage
  const turnpike = chunks.findLast((chunk) => chunk.turnpike?.['charge'] !== undefined)?.turnpike
  const comment = events.find((event) => event.startsWith(RECEIPT))
  return {
    text: texts.join(''),
    tokens: texts.length,
    isWhole: events.at(-1) === 'data: [DONE]',
    seams: chunks.filter((chunk) => chunk.turnpike?.['continuation'] !== undefined).length,
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(usage ? { usage } : {}),
    ...(turnpike ? { turnpike } : {}),
    ...(comment
      ? {
          receipt: JSON.parse(Buffer.from(comment.slice(RECEIPT.length), 'base64').toString()) as Readonly<
            Record<string, unknown>
          >,
        }
      : {}),
  }
}
