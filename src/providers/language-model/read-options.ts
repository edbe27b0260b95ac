import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4ToolChoice,
} from '@ai-sdk/provider'
import { type Fields, isObject } from '../../chat/read-values.ts'
import { notTaken, readPrompt } from './read-prompt.ts'

const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined)

/** Takes out what is not there, so that no option is set to undefined. */
const present = <Options extends object>(options: Options) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Options]?: Exclude<Options[Key], undefined>
  }

/**
 * A body of the chat dialect as a call of the AI SDK. What has no place there was refused before the call was priced
 * (chat/dialect-limits); this mapping drops nothing in silence.
 *
 * @param body the JSON that would go to an OpenAI-compatible provider.
 */
export function readOptions(body: string): LanguageModelV4CallOptions {
  const fields = JSON.parse(body) as Fields
  const { messages, stop } = fields
  const tools = readTools(fields['tools'])
  return {
    prompt: readPrompt(Array.isArray(messages) ? messages : []),
    ...present({
      maxOutputTokens: numberOf(fields['max_completion_tokens'] ?? fields['max_tokens']),
      temperature: numberOf(fields['temperature']),
      topP: numberOf(fields['top_p']),
      topK: numberOf(fields['top_k']),
      presencePenalty: numberOf(fields['presence_penalty']),
      frequencyPenalty: numberOf(fields['frequency_penalty']),
      seed: numberOf(fields['seed']),
      stopSequences: typeof stop === 'string' ? [stop] : Array.isArray(stop) ? stop.map(String) : undefined,
      tools: tools.length > 0 ? tools : undefined,
      toolChoice: tools.length > 0 ? readToolChoice(fields['tool_choice']) : undefined,
      responseFormat: readFormat(fields['response_format']),
      reasoning: readEffort(fields['reasoning_effort']),
      providerOptions: readProviderOptions(fields),
    }),
  }
}

function readTools(tools: unknown): LanguageModelV4FunctionTool[] {
  return (Array.isArray(tools) ? tools : []).filter(isObject).map((tool) => {
    const called = tool['function']
    if (!isObject(called)) throw notTaken('tools')
    const { name, description, parameters, strict } = called
    const cache = tool['cache_control']
    return {
      type: 'function',
      name: String(name),
      inputSchema: (isObject(parameters) ? parameters : { type: 'object', properties: {} }) as never,
      ...(typeof description === 'string' ? { description } : {}),
      ...(typeof strict === 'boolean' ? { strict } : {}),
      ...(isObject(cache) ? { providerOptions: { anthropic: { cacheControl: cache as never } } } : {}),
    }
  })
}

function readToolChoice(choice: unknown): LanguageModelV4ToolChoice | undefined {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  const called = isObject(choice) ? choice['function'] : undefined
  return isObject(called) ? { type: 'tool', toolName: String(called['name']) } : undefined
}

function readFormat(format: unknown): LanguageModelV4CallOptions['responseFormat'] | undefined {
  if (!isObject(format) || format['type'] === 'text') return undefined
  const named = isObject(format['json_schema']) ? format['json_schema'] : {}
  const { schema, name, description } = named
  return {
    type: 'json',
    ...(isObject(schema) ? { schema: schema as never } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof description === 'string' ? { description } : {}),
  }
}

const EFFORTS: ReadonlySet<unknown> = new Set(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])

const readEffort = (effort: unknown) =>
  EFFORTS.has(effort) ? (effort as LanguageModelV4CallOptions['reasoning']) : undefined

/** What the messages dialect says and the chat dialect has no word for. */
function readProviderOptions(fields: Fields): LanguageModelV4CallOptions['providerOptions'] | undefined {
  const thinking = fields['thinking']
  const anthropic = {
    ...(isObject(thinking) ? { thinking: thinkingOf(thinking) } : {}),
    ...(fields['parallel_tool_calls'] === false ? { disableParallelToolUse: true } : {}),
  }
  return Object.keys(anthropic).length > 0 ? { anthropic: anthropic as never } : undefined
}

function thinkingOf({ type, budget_tokens: budgetTokens }: Fields) {
  return { type, ...(typeof budgetTokens === 'number' ? { budgetTokens } : {}) }
}
