import type { Predictor } from './predictor.ts'
import type { Features } from './read-features.ts'

const between = (value: number, [from, to]: readonly [number, number]): number =>
  value <= from ? 0 : value >= to ? 1 : (value - from) / (to - from)

/** Fewer words than this say nothing about whether words are known. */
const FEW_WORDS = 4

/** Largest cosine between a prompt and the directions of the training tasks. */
export function likenessOf({ width, tasks, directions }: Predictor, hidden: Float64Array): number {
  let square = 0
  for (let k = 0; k < width; k += 1) square += hidden[k]! * hidden[k]!
  if (square === 0) return 0
  let most = -1
  for (let t = 0; t < tasks.length; t += 1) {
    let sum = 0
    for (let k = 0; k < width; k += 1) sum += hidden[k]! * directions[t * width + k]!
    if (sum > most) most = sum
  }
  return most / Math.sqrt(square)
}

/** Share of the words that training has seen. */
export function familiarityOf({ knownWords }: Predictor, { words }: Features): number {
  let known = 0
  for (let index = 0; index < words.length; index += 1) {
    const place = words[index]!
    if ((knownWords[place >>> 3]! & (1 << (place & 7))) !== 0) known += 1
  }
  return words.length < FEW_WORDS ? 0 : known / words.length
}

/** Training has seen single questions alone: tools, their results, formats and long conversations are strange to it. */
function requestShare({
  turns = 1,
  toolCount = 0,
  toolResultShare = 0,
  hasResponseFormat = false,
}: Features['request']): number {
  if (toolCount > 0 || toolResultShare > 0) return 0
  return (hasResponseFormat ? 0.5 : 1) / Math.max(1, turns)
}

/**
 * How much the prompt may say, from 0 to 1: the prompt has to resemble a training task, consist of words that training has
 * seen, and be asked in the way in which training asked.
 */
export function gateOf({
  predictor,
  features,
  hidden,
}: {
  predictor: Predictor
  features: Features
  hidden: Float64Array
}): number {
  const request = requestShare(features.request)
  if (request === 0) return 0
  const familiar = between(familiarityOf(predictor, features), predictor.familiarity)
  if (familiar === 0) return 0
  return request * familiar * between(likenessOf(predictor, hidden), predictor.likeness)
}
