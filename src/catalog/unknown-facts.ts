import type { Model } from './types.ts'

/** A model of which nothing is known but its name: what a source or an operator adds is laid over it. */
export const UNKNOWN_FACTS = {
  kind: 'chat',
  contextTokens: 'unknown',
  maxOutputTokens: 'unknown',
  inputModalities: 'unknown',
  outputModalities: 'unknown',
  tools: 'unknown',
  structuredOutput: 'unknown',
  reasoning: 'unknown',
  createdAt: 0,
  contextSource: 'unknown',
  capabilitySource: 'unknown',
} as const satisfies Omit<Model, 'id' | 'name' | 'source' | 'sourceDate'>
