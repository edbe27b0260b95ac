import type { StreamPart } from '../../src/chat/types.ts'

type Call = {
  id: string
  type: string
  function: { name: string; arguments: string }
  extra_content?: unknown
}
type Detail = { type: string; index: number; text?: string; signature?: string; data?: string }
type Said = {
  role?: string
  content?: string | null
  reasoning?: string
  reasoning_details?: Detail[]
  tool_calls?: (Partial<Call> & { index?: number })[]
}
export type Message = {
  readonly role: 'assistant'
  readonly content: string
  readonly reasoning?: string
  readonly reasoning_details?: readonly Detail[]
  readonly tool_calls?: readonly Call[]
}

/** What a client makes of an answer in the chat dialect, streamed or whole: one message. */
export function assembleChat(parts: readonly StreamPart[]): Message {
  let content = ''
  let reasoning = ''
  const details = new Map<number, Detail>()
  const calls = new Map<number, Call>()
  for (const { json } of parts) {
    for (const { delta, message } of JSON.parse(json).choices as { delta?: Said; message?: Said }[]) {
      const said = delta ?? message ?? {}
      content += said.content ?? ''
      reasoning += said.reasoning ?? ''
      for (const detail of said.reasoning_details ?? [])
        details.set(detail.index, joined(details.get(detail.index), detail))
      for (const [at, call] of (said.tool_calls ?? []).entries()) {
        const index = call.index ?? at
        calls.set(index, withCall(calls.get(index), call))
      }
    }
  }
  return {
    role: 'assistant',
    content,
    ...(reasoning === '' ? {} : { reasoning }),
    ...(details.size === 0 ? {} : { reasoning_details: [...details.values()] }),
    ...(calls.size === 0 ? {} : { tool_calls: [...calls.values()] }),
  }
}

function joined(before: Detail | undefined, detail: Detail): Detail {
  if (!before) return detail
  const text = (before.text ?? '') + (detail.text ?? '')
  return { ...before, ...detail, ...(text === '' ? {} : { text }) }
}

/** Arguments are compared as what they say: providers write their JSON with other spaces in a stream. */
function withCall(
  before: Call | undefined,
  { index: _index, ...call }: Partial<Call> & { index?: number },
): Call {
  const said = (before?.function.arguments ?? '') + (call.function?.arguments ?? '')
  return {
    ...before,
    ...call,
    function: { name: call.function?.name ?? before?.function.name ?? '', arguments: compact(said) },
  } as Call
}

function compact(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json))
  } catch {
    return json
  }
}
