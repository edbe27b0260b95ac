import { createHash } from 'node:crypto'
import {
  type AnswerBlock,
  type AnswerChoice,
  type AnswerUsage,
  countBlocks,
  type SimulatedAnswer,
} from './answer.ts'
import type { SimulatedFaults } from './faults.ts'
import type { SimulatedRequest } from './read-prompt.ts'
import { simulatedText } from './simulated-text.ts'
import type { SpecialAnswer } from './special-answer.ts'
import { toolArguments } from './tool-arguments.ts'

type Length = { readonly minTokens: number; readonly maxTokens: number }

const REFUSAL = ['I', ' cannot', ' help', ' with', ' that', '.']

const digestOf = (text: string) => createHash('sha256').update(text).digest()

/** The calls that fit into the cap as wholes: half a call is nothing that every dialect could say. */
function composeCalls({
  tools,
  count,
  cap,
  seed,
}: {
  tools: SimulatedRequest['tools']
  count: number
  cap: number
  seed: string
}): AnswerChoice {
  const blocks: AnswerBlock[] = []
  let left = cap
  for (let index = 0; index < count; index += 1) {
    const tool = tools[index % tools.length]
    if (!tool) break
    const tokens = toolArguments({ tool, seed: `${seed}:${index}` })
    if (tokens.length > left) return { blocks, finish: 'length' }
    left -= tokens.length
    const id = `call_${digestOf(`${seed}:${index}`).toString('hex').slice(0, 16)}`
    blocks.push({ kind: 'call', tokens, id, name: tool.name, index })
  }
  return { blocks, finish: 'calls' }
}

/** What is left of an answer after its beginning; another answer altogether where that is not how this one begins. */
function restOf({
  prefix,
  cap,
  seed,
  length,
}: {
  prefix: string
  cap: number
  seed: string
  length: Length
}) {
  const { tokens } = simulatedText({ seed, ...length, cap: Number.MAX_SAFE_INTEGER })
  let said = ''
  let index = 0
  while (said.length < prefix.length && index < tokens.length) said += tokens[index++] ?? ''
  const rest = said === prefix ? tokens.slice(index) : tokens
  const finish: AnswerChoice['finish'] = rest.length > cap ? 'length' : 'stop'
  return { tokens: rest.slice(0, cap), finish }
}

function composeChoice({
  request: { tools, cap, prefix },
  special: { toolCalls = 0, thinkingTokens = 0, isRefused },
  length,
  seed,
}: {
  request: SimulatedRequest
  special: SpecialAnswer
  length: Length
  seed: string
}): AnswerChoice {
  const thinking = { minTokens: thinkingTokens, maxTokens: thinkingTokens, cap }
  const thought = thinkingTokens > 0 ? simulatedText({ seed: `${seed}:thought`, ...thinking }).tokens : []
  const signature = digestOf(`${seed}:signature`).toString('base64')
  const before: AnswerBlock[] = thought.length > 0 ? [{ kind: 'thought', tokens: thought, signature }] : []
  const left = cap - thought.length
  if (left <= 0) return { blocks: before, finish: 'length' }
  if (toolCalls > 0 && tools.length > 0) {
    const { blocks, finish } = composeCalls({ tools, count: toolCalls, cap: left, seed })
    return { blocks: [...before, ...blocks], finish }
  }
  if (isRefused) {
    const isWhole = left >= REFUSAL.length
    const refusal: AnswerBlock = { kind: 'refusal', tokens: REFUSAL.slice(0, left) }
    return { blocks: [...before, refusal], finish: isWhole ? 'refusal' : 'length' }
  }
  if (prefix !== undefined) {
    const { tokens, finish } = restOf({ prefix, cap: left, seed, length })
    return { blocks: [...before, { kind: 'text', tokens }], finish }
  }
  const { tokens, finishReason } = simulatedText({ seed, ...length, cap: left })
  return { blocks: [...before, { kind: 'text', tokens }], finish: finishReason }
}

/** Decides an answer: text, seed and counts depend on what was said, never on the face it was said to. */
export function composeAnswer({
  request,
  special,
  promptTokens,
  seed,
  length,
  faults,
  nowMs,
}: {
  request: SimulatedRequest
  special: SpecialAnswer
  promptTokens: number
  seed: number
  length: Length
  faults: SimulatedFaults
  nowMs: number
}): SimulatedAnswer {
  const prompt = digestOf(JSON.stringify(request.messages)).toString('hex')
  const choices = Array.from({ length: request.choices }, (_, index) =>
    composeChoice({ request, special, length, seed: `${seed}:${prompt}:${index}` }),
  )
  const factor = faults.usageFactor ?? 1
  const cacheRead = Math.min(special.cachedTokens ?? 0, promptTokens)
  const cacheWrite = Math.min(special.writtenTokens ?? 0, promptTokens - cacheRead)
  const usage: AnswerUsage = {
    input: promptTokens * factor,
    cacheRead: cacheRead * factor,
    cacheWrite: cacheWrite * factor,
    output: countBlocks(choices, () => true) * factor,
    reasoning: countBlocks(choices, ({ kind }) => kind === 'thought') * factor,
  }
  const isTold = !faults.missingUsage && (!request.isStreamed || request.includeUsage)
  return {
    id: `sim-${prompt.slice(0, 24)}`,
    model: request.model,
    createdAt: Math.floor(nowMs / 1_000),
    choices,
    ...(isTold ? { usage } : {}),
  }
}
