import { readStream } from '../../../support/routed-charge.ts'
import type { PaidAnswer } from '../../../support/routed-stack.ts'

export type ChaosKind = 'whole' | 'stream' | 'continued'

/** What a caller got, without its text. */
export type CallNote = {
  readonly requestId: string
  readonly kind: ChaosKind
  readonly status: number
  readonly text: string
  readonly tokens: number
  readonly isWhole: boolean
  readonly errorCode?: string
}

const wholeOf = (body: string): Pick<CallNote, 'text' | 'tokens' | 'isWhole'> => {
  const { choices, usage } = JSON.parse(body) as {
    choices: readonly { message: { content: string } }[]
    usage: { completion_tokens: number }
  }
  return { text: choices[0]?.message.content ?? '', tokens: usage.completion_tokens, isWhole: true }
}

export function noteOf({
  requestId,
  kind,
  answer: { status, headers, body },
}: {
  requestId: string
  kind: ChaosKind
  answer: PaidAnswer
}): CallNote {
  const head = { requestId, kind, status }
  if (status !== 200) {
    const { error } = JSON.parse(body) as { error?: { code?: string } }
    return { ...head, text: '', tokens: 0, isWhole: false, errorCode: error?.code ?? 'unknown' }
  }
  if (!headers.get('content-type')?.startsWith('text/event-stream')) return { ...head, ...wholeOf(body) }
  const { text, tokens, isWhole, errorCode } = readStream(body)
  return { ...head, text, tokens, isWhole, ...(errorCode === undefined ? {} : { errorCode }) }
}
