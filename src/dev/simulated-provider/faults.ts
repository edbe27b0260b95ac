import { readSettings } from './read-settings.ts'

/**
 * What goes wrong on purpose, in the words of the face that is asked. Chunks are tokens of the answer; a fault "after 0" comes
 * before the first.
 */
export type SimulatedFaults = {
  /** Answers with this status and the face's error. */
  readonly status?: number
  /** How long that answer says to wait: seconds or an HTTP date. */
  readonly retryAfter?: string
  /** Puts the prompt into the error's text, as some providers do. */
  readonly echoPrompt?: boolean
  /** Never sends headers. */
  readonly hang?: boolean
  /** Sends headers this much later. */
  readonly headersDelayMs?: number
  /** Falls silent after this many chunks, with the face's keep-alive every `commentMs` if given. */
  readonly stallAfter?: number
  readonly commentMs?: number
  /** Breaks the connection after this many chunks. */
  readonly cutAfter?: number
  /** Ends the answer cleanly after this many chunks, without what the face ends one with. */
  readonly endAfter?: number
  /** Sends an error inside the stream after this many chunks, as one of `errorStatus` or the face's own of a provider in trouble. */
  readonly errorAfter?: number
  readonly errorStatus?: number
  /** Sends something that is no JSON after this many chunks. */
  readonly malformedAfter?: number
  /** Says nothing of usage; zeros where the face must have numbers. */
  readonly missingUsage?: boolean
  /** Multiplies every number of the usage. */
  readonly usageFactor?: number
}

const NUMBERS: Readonly<Record<string, keyof SimulatedFaults>> = {
  status: 'status',
  'slow-headers': 'headersDelayMs',
  stall: 'stallAfter',
  comments: 'commentMs',
  cut: 'cutAfter',
  end: 'endAfter',
  error: 'errorAfter',
  'error-status': 'errorStatus',
  malformed: 'malformedAfter',
  usage: 'usageFactor',
}

const SWITCHES: Readonly<Record<string, keyof SimulatedFaults>> = {
  hang: 'hang',
  echo: 'echoPrompt',
  'missing-usage': 'missingUsage',
}

/**
 * Reads the `x-sim-fault` header (or the same text from a variable): names with `=` and a number, joined by commas.
 *
 * @throws RangeError for a name that is not a fault.
 * @example parseFaults('status=503, echo') // { status: 503, echoPrompt: true }
 */
export const parseFaults = (text: string): SimulatedFaults =>
  readSettings<SimulatedFaults>({
    text,
    numbers: NUMBERS,
    switches: SWITCHES,
    texts: { 'retry-after': 'retryAfter' },
  })
