import { decodeBase64 } from './stock-payer.ts'

/** $0.15 and $0.60 per million tokens, in pico-USD per token, as their vendor publishes them. */
export const MODEL = 'openai/gpt-4o-mini'
const INPUT_PICO_USD = 150_000n
const OUTPUT_PICO_USD = 600_000n
/** The dev chain's settlement fee of `upto` and `exact`: $0.0001. */
export const FEE_PICO_USD = 100_000_000n

export type Usage = { readonly prompt_tokens: number; readonly completion_tokens: number }

/** What was charged according to the answer. Amounts are decimal strings of atomic units. */
export type Turnpike = {
  readonly call_id: string
  readonly charge: string
  readonly ceiling: string
  readonly asset: string
  readonly network: string
  readonly simulated?: boolean
  readonly usage_estimated?: boolean
}

export type WireReceipt = {
  readonly success: boolean
  readonly transaction: string
  readonly network: string
  readonly payer: string
  readonly amount?: string
  readonly extra?: {
    readonly chargedAmount?: string
    readonly channelState?: Readonly<Record<string, string>>
  }
}

export type Answered = {
  readonly status: number
  readonly text: string
  readonly usage: Usage
  readonly turnpike: Turnpike
  readonly callId: string
  /** From the header, else from the stream's comment. */
  readonly receipt?: WireReceipt
  /** The receipt that came with the first headers. */
  readonly headerReceipt?: WireReceipt
}

let questions = 0

/** A chat request that nobody has sent before, unless `question` says which. */
export function chatBody({
  stream = false,
  question,
  ...rest
}: { stream?: boolean; question?: string; [field: string]: unknown } = {}): string {
  questions += 1
  return JSON.stringify({
    model: MODEL,
    messages: [{ role: 'user', content: question ?? `What is new at the harbour today? (${questions})` }],
    max_tokens: 120,
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
    ...rest,
  })
}

export const post = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body,
})

type Chunk = {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[]
  readonly usage?: Usage
  readonly turnpike?: Turnpike
}

/** Reads an answer whole, streamed or not. */
export async function readAnswer(response: Response): Promise<Answered> {
  const body = await response.text()
  const header = response.headers.get('payment-response')
  const headerReceipt = header ? { headerReceipt: decodeBase64(header) as WireReceipt } : {}
  const callId = response.headers.get('x-call-id') ?? ''
  const head = { status: response.status, callId, ...headerReceipt }
  if (!response.ok) throw new Error(`The call was answered ${response.status}: ${body}`)
  if (response.headers.get('content-type')?.startsWith('text/event-stream'))
    return { ...head, ...ofStream(body) }
  const json = JSON.parse(body) as {
    choices: readonly { message: { content: string } }[]
    usage: Usage
    turnpike: Turnpike
  }
  return {
    ...head,
    text: json.choices[0]?.message.content ?? '',
    usage: json.usage,
    turnpike: json.turnpike,
    ...(head.headerReceipt ? { receipt: head.headerReceipt } : {}),
  }
}

function ofStream(body: string): Pick<Answered, 'text' | 'usage' | 'turnpike' | 'receipt'> {
  const events = body.split('\n\n').filter((event) => event !== '')
  if (events.at(-1) !== 'data: [DONE]') throw new Error(`The stream does not end with [DONE]: ${body}`)
  const chunks = events
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)) as Chunk)
  const comment = events.find((event) => event.startsWith(': payment-response '))
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage
  const turnpike = chunks.findLast((chunk) => chunk.turnpike)?.turnpike
  if (!usage || !turnpike) throw new Error(`The stream tells no usage: ${body}`)
  return {
    text: chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '').join(''),
    usage,
    turnpike,
    ...(comment ? { receipt: decodeBase64(comment.slice(': payment-response '.length)) as WireReceipt } : {}),
  }
}

/**
 * What a call must cost, computed apart from the server: usage times price, five percent on top, the fee, and one rounding
 * up to atomic units of a token with six decimals.
 */
export function chargeFor({ usage, feePicoUsd = 0n }: { usage: Usage; feePicoUsd?: bigint }): bigint {
  const cost =
    BigInt(usage.prompt_tokens) * INPUT_PICO_USD + BigInt(usage.completion_tokens) * OUTPUT_PICO_USD
  const hundredths = cost * 105n + feePicoUsd * 100n
  return (hundredths + 99_999_999n) / 100_000_000n
}

export type ErrorAnswer = {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
    readonly next: string
    readonly [extra: string]: unknown
  }
}

export const readError = async (response: Response): Promise<ErrorAnswer['error']> =>
  ((await response.json()) as ErrorAnswer).error
