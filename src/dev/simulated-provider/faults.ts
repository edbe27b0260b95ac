/** What goes wrong on purpose. Chunks are content chunks; a fault "after 0" comes before the first. */
export type SimulatedFaults = {
  /** Answers with this status and an OpenAI-shaped error. */
  readonly status?: number
  /** The Retry-After header of that answer: seconds or an HTTP date. */
  readonly retryAfter?: string
  /** Puts the prompt into the error's text, as some providers do. */
  readonly echoPrompt?: boolean
  /** Never sends headers. */
  readonly hang?: boolean
  /** Sends headers this much later. */
  readonly headersDelayMs?: number
  /** Falls silent after this many chunks, with keep-alive comments every `commentMs` if given. */
  readonly stallAfter?: number
  readonly commentMs?: number
  /** Breaks the connection after this many chunks. */
  readonly cutAfter?: number
  /** Ends the answer cleanly after this many chunks, without finish_reason and [DONE]. */
  readonly endAfter?: number
  /** Sends an error object inside the stream after this many chunks. */
  readonly errorAfter?: number
  /** Sends something that is no JSON after this many chunks. */
  readonly malformedAfter?: number
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
export function parseFaults(text: string): SimulatedFaults {
  const faults: Record<string, number | boolean | string> = {}
  for (const item of text.split(',')) {
    const [name = '', value = ''] = item.trim().split('=')
    if (name === '') continue
    const numeric = NUMBERS[name]
    const toggled = SWITCHES[name]
    if (name === 'retry-after') faults['retryAfter'] = value
    else if (numeric && /^\d+$/.test(value)) faults[numeric] = Number(value)
    else if (toggled && value === '') faults[toggled] = true
    else throw new RangeError(`there is no fault ${name}`)
  }
  return faults
}
