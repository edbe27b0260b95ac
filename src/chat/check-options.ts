import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import { CHAT_SCHEMAS, REFUSED_FIELDS, TOOL_TYPES } from './fields.ts'
import type { Schema } from './schema.ts'
import { CAP_FIELD, USUAL_TIERS } from './shared-fields.ts'

type Fields = Readonly<Record<string, unknown>>

const CAPS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const

/** Fields that are numbers within limits, without the caps, which are read apart. */
const RANGES = Object.entries(CHAT_SCHEMAS).flatMap(([name, schema]) => {
  const range = rangeOf(schema)
  return range && !CAPS.some((cap) => cap === name) ? [[name, range] as const] : []
})

type Range = { readonly min: number; readonly max: number; readonly isInteger: boolean }

function rangeOf({ type, minimum: min, maximum: max }: Schema): Range | undefined {
  return min === undefined || max === undefined ? undefined : { min, max, isInteger: type === 'integer' }
}

const CAP_RANGE: Range = { min: CAP_FIELD.minimum, max: CAP_FIELD.maximum, isInteger: true }

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

const REFUSED = Object.entries(REFUSED_FIELDS)

function checkSold(fields: Fields): void {
  for (const [name, reason] of REFUSED) if (!isAbsent(fields[name])) throw invalidField(name, reason)
  const modalities = fields['modalities']
  if (!isAbsent(modalities) && !(Array.isArray(modalities) && modalities.every((one) => one === 'text'))) {
    throw invalidField('modalities', 'must be ["text"]: only text output is sold here.')
  }
  const tier = fields['service_tier']
  if (!isAbsent(tier) && !USUAL_TIERS.some((usual) => usual === tier)) {
    throw invalidField('service_tier', 'must be "auto" or "default": other tiers have other prices.')
  }
}

function checkTools(fields: Fields): number {
  const tools = fields['tools']
  if (isAbsent(tools)) return 0
  if (!Array.isArray(tools)) throw invalidField('tools', 'must be an array.')
  if (tools.length > LIMITS.tools) throw invalidField('tools', `must have at most ${LIMITS.tools} entries.`)
  for (const [index, tool] of tools.entries()) {
    const type: unknown = typeof tool === 'object' && tool !== null ? Reflect.get(tool, 'type') : undefined
    if (!TOOL_TYPES.some((known) => known === type)) {
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
    checkRange(name, value, CAP_RANGE)
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

function checkContinue(value: unknown): void {
  if (isAbsent(value) || value === 'prefix') return
  throw invalidField(
    'continue',
    'must be "prefix": what was delivered before a stream broke is sent along as the beginning. Leave it out for an error in the stream instead.',
  )
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
  checkContinue(fields['continue'])
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
