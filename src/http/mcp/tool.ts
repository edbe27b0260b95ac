import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { Schema } from '../../chat/schema.ts'
import type { InnerAnswer, InnerRequest } from './inner-request.ts'

/** Asks one of our own routes on the caller's behalf. */
export type Ask = (
  request: Pick<InnerRequest, 'method' | 'path' | 'body'> & { readonly headers?: InnerRequest['headers'] },
) => Promise<InnerAnswer>

export type Arguments = Readonly<Record<string, unknown>>

/** A tool is one of our routes in other words: it reads its arguments, asks, and tells the answer. */
export type Tool = {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: Schema
  /** Whether it changes nothing and costs nothing. */
  readonly isFree: boolean
  /** @throws TurnpikeError for arguments that it does not take. */
  readonly run: (call: {
    readonly given: Arguments
    readonly meta: Arguments
    readonly ask: Ask
  }) => Promise<CallToolResult>
}
