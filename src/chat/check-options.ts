import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'

type Fields = Readonly<Record<string, unknown>>
type Range = { readonly min: number; readonly max: number; readonly isInteger?: boolean }

/** OpenAI's published ranges. */
const RANGES: readonly (readonly [string, Range])[] = [
  ['n', { min: 1, max: LIMITS.choices, isInteger: true }],
  ['temperature', { min: 0, max: 2 }],
  ['top_p', { min: 0, max: 1 }],
  ['frequency_penalty', { min: -2, max: 2 }],
  ['presence_penalty', { min: -2, max: 2 }],
  ['top_logprobs', { min: 0, max: 20, isInteger: true }],
  ['seed', { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, isInteger: true }],
]

const CAPS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const

/** No model writes more in one answer; a larger cap is a mistake (or 1e30). */
const MAX_CAP = 100_000_000

/** OpenAI takes null for "as if it were not there". */
const isAbsent = (value: unknown) => value === undefined || value === null

export const invalidField = (param: string, message: string) =>
  new TurnpikeError('invalid_field', { param, message: `${param} ${message}` })

function checkRange(name: string, value: unknown, range: Range): void {
  if (isAbsent(value)) return
  const isNumber = typeof value === 'number' && value >= range.min && value <= range.max
  if (isNumber && (!range.isInteger || Number.isInteger(value))) return
  const kind = range.isInteger ? 'an integer' : 'a number'
  throw invalidField(name, `must be ${kind} from ${range.min} to ${range.max}.`)
}

/** Options that cost more than tokens: what cannot be priced before the call is not sold. */
function checkSold(fields: Fields): void {
  if (!isAbsent(fields['web_search_options'])) {
    throw invalidField('web_search_options', 'is charged per search and is not sold here.')
  }
  if (!isAbsent(fields['audio'])) throw invalidField('audio', 'is not sold here: only text output is.')
  const modalities = fields['modalities']
  if (!isAbsent(modalities) && !(Array.isArray(modalities) && modalities.every((one) => one === 'text'))) {
    throw invalidField('modalities', 'must be ["text"]: only text output is sold here.')
  }
  const tier = fields['service_tier']
  if (!isAbsent(tier) && tier !== 'auto' && tier !== 'default') {
    throw invalidField('service_tier', 'must be "auto" or "default": other tiers have other prices.')
  }
}

/** Functions and custom tools are answered by the caller; a provider's own tools would be billed apart. */
function checkTools(fields: Fields): number {
  const tools = fields['tools']
  if (isAbsent(tools)) return 0
  if (!Array.isArray(tools)) throw invalidField('tools', 'must be an array.')
  if (tools.length > LIMITS.tools) throw invalidField('tools', `must have at most ${LIMITS.tools} entries.`)
  for (const [index, tool] of tools.entries()) {
    const type: unknown = typeof tool === 'object' && tool !== null ? Reflect.get(tool, 'type') : undefined
    if (type !== 'function' && type !== 'custom') {
      throw invalidField(`tools[${index}].type`, 'must be "function" or "custom".')
    }
  }
  return tools.length
}

function checkFunctions(fields: Fields): number {
  const functions = fields['functions']
  if (isAbsent(functions)) return 0
  if (Array.isArray(functions) && functions.length <= LIMITS.tools) return functions.length
  throw invalidField('functions', `must be an array of at most ${LIMITS.tools} entries.`)
}

function readOutputCap(fields: Fields): number | undefined {
  let cap: number | undefined
  let capName = ''
  for (const name of CAPS) {
    const value = fields[name]
    if (isAbsent(value)) continue
    checkRange(name, value, { min: 1, max: MAX_CAP, isInteger: true })
    if (cap !== undefined && cap !== value) {
      throw new TurnpikeError('contradicting_options', {
        param: name,
        message: `${capName} and ${name} are both given and differ.`,
      })
    }
    cap = Number(value)
    capName = name
  }
  return cap
}

function readBoolean(value: unknown, param: string): boolean {
  if (isAbsent(value)) return false
  if (typeof value !== 'boolean') throw invalidField(param, 'must be true or false.')
  return value
}

function readIncludeUsage(fields: Fields, stream: boolean): boolean {
  const options = fields['stream_options']
  const openRouter = fields['usage']
  const asked =
    typeof openRouter === 'object' && openRouter !== null && Reflect.get(openRouter, 'include') === true
  if (isAbsent(options)) return asked
  if (!stream) {
    throw new TurnpikeError('contradicting_options', {
      param: 'stream_options',
      message: 'stream_options is only for a call with stream: true.',
    })
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidField('stream_options', 'must be an object.')
  }
  return readBoolean(Reflect.get(options, 'include_usage'), 'stream_options.include_usage') || asked
}

export type ChatOptions = {
  readonly stream: boolean
  readonly choices: number
  readonly callerOutputCap?: number
  readonly includeUsage: boolean
  readonly toolCount: number
}

/**
 * Reads what the price and the transport depend on, and refuses values outside OpenAI's published ranges.
 *
 * @throws TurnpikeError `invalid_field` or `contradicting_options`, with the field in `param`.
 */
export function checkOptions(fields: Fields): ChatOptions {
  const stream = readBoolean(fields['stream'], 'stream')
  for (const [name, range] of RANGES) checkRange(name, fields[name], range)
  checkSold(fields)
  const callerOutputCap = readOutputCap(fields)
  const choices = fields['n']
  return {
    stream,
    choices: typeof choices === 'number' ? choices : 1,
    ...(callerOutputCap === undefined ? {} : { callerOutputCap }),
    includeUsage: readIncludeUsage(fields, stream),
    toolCount: checkTools(fields) + checkFunctions(fields),
  }
}
