import type { JsonMember } from '../lib/json-members.ts'
import type { AskedBudget } from './budget/asked-budget.ts'
import type { RoutingOverrides } from './routing/overrides.ts'
import type { Usage } from './usage.ts'

export type { JsonMember }

/** A chat completion as asked, read once. `text` and `members` let a pass-through change a field without re-writing the rest. */
export type ChatRequest = {
  /** Absent: a chat completion. Embeddings have an input in the place of messages, and no output. */
  readonly kind?: 'embedding'
  /** As the caller wrote it: `vendor/model`, `auto` or `auto:<strategy>`. */
  readonly model: string
  readonly stream: boolean
  /** OpenAI's `n`. */
  readonly choices: number
  /** The smallest of the caller's output caps; absent where the caller gave none. */
  readonly callerOutputCap?: number
  /** Whether the caller asked for the usage chunk of a stream. */
  readonly includeUsage: boolean
  readonly messageCount: number
  /** Whether a message carries what an upstream of plain OpenAI dialect must not see (the table EXTENSIONS). */
  readonly hasMessageExtensions: boolean
  readonly toolCount: number
  /** Where the call may go, as the request says it; absent where it says nothing. */
  readonly routing?: RoutingOverrides
  /** What the caller may spend by its own word; absent where it says nothing. */
  readonly budget?: AskedBudget
  /** The whole body as parsed JSON, and as text. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly text: string
  readonly members: readonly JsonMember[]
  /** The body in the caller's own dialect, where that is another one: some dialects repeat it in their answer. */
  readonly asked?: Readonly<Record<string, unknown>>
}

/**
 * One step of an upstream's answer. `json` is the event's own JSON where the upstream speaks the caller's dialect: it is
 * written unchanged, in a frame of our own.
 */
export type StreamPart =
  /**
   * Content, tool call or reasoning deltas; `text` is what a tokenizer would count where usage goes missing. Some
   * providers report the usage so far with every chunk.
   */
  | {
      readonly type: 'content'
      readonly json: string
      readonly text: string
      /** Whether reasoning is in the text; absent where none is. */
      readonly hasReasoning?: boolean
      readonly usage?: Usage
    }
  /** Opening chunk, role only, keep-alive with JSON: nothing a failover could not throw away. */
  | { readonly type: 'preamble'; readonly json: string }
  /** Carries finish_reason; may also carry the last text. */
  | {
      readonly type: 'finish'
      readonly json: string
      readonly reason: string
      readonly text: string
      readonly hasReasoning?: boolean
      readonly usage?: Usage
    }
  /** The usage chunk with empty choices. */
  | { readonly type: 'usage'; readonly json: string; readonly usage: Usage }

/** How an upstream's answer ended, once all parts have been handed on. */
export type UpstreamEnd = {
  /** `interrupted`: the connection broke, stalled or sent an error after content. `aborted`: our caller hung up. */
  readonly outcome: 'completed' | 'interrupted' | 'aborted'
  readonly usage?: Usage
  readonly finishReason?: string
  /** Milliseconds from dispatch to the first content part. */
  readonly firstContentMs?: number
  /** What the provider's headers said of our allowance: the share that is left, and when it is full again. */
  readonly headroom?: { readonly share: number; readonly resetAfterMs: number }
}
