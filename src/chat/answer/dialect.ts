import type { WireError } from '../../lib/errors/to-wire.ts'
import type { Schema } from '../schema.ts'
import type { ChatRequest, StreamPart } from '../types.ts'
import type { Usage } from '../usage.ts'

/** What is known of a call before its answer. */
export type AnswerFacts = {
  readonly callId: string
  readonly receivedAtMs: number
  readonly request: ChatRequest
}

/** What is known at the end of a call, once it is recorded. */
export type Ending = {
  readonly usage: Usage
  /** The charge in USD as a decimal string: `usage.cost`. */
  readonly usageCostUsd: string
  /** Becomes the `turnpike` member. */
  readonly turnpike: Readonly<Record<string, unknown>>
}

/** One streamed answer, fed part by part. What it returns are whole frames of server-sent events, or '' for nothing yet. */
export type AnswerStream = {
  readonly write: (part: StreamPart) => string
  /** The last frames; the receipt stands between the two, so that whoever has read the end has read the receipt. */
  readonly finish: (ending: Ending) => { readonly last: string; readonly end: string }
  readonly fail: (error: WireError) => string
}

/** A way to ask for a completion and to be answered. Inside, every call is in OpenAI's chat dialect. */
export type Dialect = {
  /** What is sold where it is spoken, in one sentence. */
  readonly description: string
  /** Absent: completions. */
  readonly kind?: 'embedding'
  /** Its own name of the output cap; absent where an answer has no tokens. */
  readonly capField?: string
  /** A body as JSON Schema, from the table by which it is read; and a short one that is taken. */
  readonly body: Schema
  readonly example: Readonly<Record<string, unknown>>
  /** Whether its readers look at the `event` field of a frame. */
  readonly namesEvents: boolean
  /** Its own name of the header `x-request-id`, if it has one. */
  readonly requestIdHeader?: string
  /** Reads a body strictly and once. @throws TurnpikeError of lib/errors/chat; a missing model comes first. */
  readonly read: (input: { readonly body: Uint8Array }) => ChatRequest
  readonly openStream: (facts: AnswerFacts) => AnswerStream
  /** The body of an answer that is not streamed. @param json a chat completion. */
  readonly writeWhole: (answer: {
    readonly json: string
    readonly facts: AnswerFacts
    readonly ending: Ending
  }) => string
  /** The body of an answer that is an error. */
  readonly errorBody: (failure: { readonly error: WireError; readonly requestId: string }) => unknown
}
