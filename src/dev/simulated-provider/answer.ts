import { createHash } from 'node:crypto'
import type { SimulatedFaults } from './faults.ts'
import type { SimulatedRequest } from './read-prompt.ts'
import { simulatedText } from './simulated-text.ts'

/** A whole answer, decided before its first byte is sent. */
export type SimulatedAnswer = {
  readonly id: string
  readonly model: string
  readonly createdAt: number
  readonly choices: readonly { readonly tokens: readonly string[]; readonly finishReason: string }[]
  /** OpenAI's usage object. */
  readonly usage: Readonly<Record<string, unknown>>
}

export function composeAnswer({
  request,
  promptTokens,
  seed,
  minTokens,
  maxTokens,
  faults,
  nowMs,
}: {
  request: SimulatedRequest
  promptTokens: number
  seed: number
  minTokens: number
  maxTokens: number
  faults: SimulatedFaults
  nowMs: number
}): SimulatedAnswer {
  const prompt = createHash('sha256').update(JSON.stringify(request.messages)).digest('hex')
  const choices = Array.from({ length: request.choices }, (_, index) =>
    simulatedText({ seed: `${seed}:${prompt}:${index}`, minTokens, maxTokens, cap: request.cap }),
  )
  const factor = faults.usageFactor ?? 1
  const completionTokens = choices.reduce((sum, { tokens }) => sum + tokens.length, 0)
  return {
    id: `chatcmpl-sim-${prompt.slice(0, 24)}`,
    model: request.model,
    createdAt: Math.floor(nowMs / 1_000),
    choices,
    usage: {
      prompt_tokens: promptTokens * factor,
      completion_tokens: completionTokens * factor,
      total_tokens: (promptTokens + completionTokens) * factor,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
  }
}

/** The answer in one piece. */
export function completionOf({ answer, withUsage }: { answer: SimulatedAnswer; withUsage: boolean }): string {
  return JSON.stringify({
    id: answer.id,
    object: 'chat.completion',
    created: answer.createdAt,
    model: answer.model,
    choices: answer.choices.map(({ tokens, finishReason }, index) => ({
      index,
      message: { role: 'assistant', content: tokens.join(''), refusal: null },
      logprobs: null,
      finish_reason: finishReason,
    })),
    ...(withUsage ? { usage: answer.usage } : {}),
    system_fingerprint: 'fp_simulated',
  })
}

/** The text of one chunk: JSON of OpenAI's `chat.completion.chunk`. */
export function chunkOf({
  answer,
  choices,
  usage,
}: {
  answer: SimulatedAnswer
  choices: readonly unknown[]
  usage?: unknown
}): string {
  return JSON.stringify({
    id: answer.id,
    object: 'chat.completion.chunk',
    created: answer.createdAt,
    model: answer.model,
    system_fingerprint: 'fp_simulated',
    choices,
    ...(usage === undefined ? {} : { usage }),
  })
}

/** Every content chunk in order: one token each, the choices one after the other. */
export function contentChunks(answer: SimulatedAnswer): string[] {
  return answer.choices.flatMap(({ tokens }, index) =>
    tokens.map((content) =>
      chunkOf({ answer, choices: [{ index, delta: { content }, logprobs: null, finish_reason: null }] }),
    ),
  )
}
