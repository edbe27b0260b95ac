import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { Answer } from './chunk-writer.ts'
import { finishReasonOf, stopSequenceOf } from './reasons.ts'
import { sealOn, signedBy, thoughtDetail } from './thoughts.ts'
import { writeUsage } from './write-usage.ts'

/** A whole answer of the AI SDK as a completion of the chat dialect: what the chunks of a stream would add up to. */
export function writeCompletion({
  result,
  answer,
}: {
  result: LanguageModelV4GenerateResult
  answer: Answer
}): string {
  const { content, finishReason, usage } = result
  const text = content.flatMap((part) => (part.type === 'text' ? part.text : []))
  const thoughts = content.filter((part) => part.type === 'reasoning')
  const calls = content.filter((part) => part.type === 'tool-call')
  const reasoning = thoughts.map((thought) => thought.text).join('')
  const message = {
    role: 'assistant',
    content: text.length === 0 && calls.length > 0 ? null : text.join(''),
    ...(reasoning === '' ? {} : { reasoning }),
    ...(thoughts.length === 0
      ? {}
      : {
          reasoning_details: thoughts.map((thought, index) =>
            thoughtDetail({ text: thought.text, signed: signedBy(thought.providerMetadata), index }),
          ),
        }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map(({ toolCallId, toolName, input, providerMetadata }) => ({
            id: toolCallId,
            type: 'function',
            function: { name: toolName, arguments: input },
            ...sealOn(signedBy(providerMetadata)),
          })),
        }),
  }
  const written = writeUsage(usage)
  return JSON.stringify({
    id: answer.id,
    object: 'chat.completion',
    created: answer.createdAtSeconds,
    model: answer.model,
    choices: [
      {
        index: 0,
        message,
        finish_reason: finishReasonOf(finishReason, calls.length > 0),
        ...stopSequenceOf(result.providerMetadata),
      },
    ],
    ...(written ? { usage: written } : {}),
  })
}
