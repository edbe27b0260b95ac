import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createQualityView } from '../../../src/routing/quality/create-quality-view.ts'
import type { Predictor } from '../../../src/routing/quality/predictor.ts'
import { readPredictor } from '../../../src/routing/quality/predictor-file.ts'
import { createPromptTerms } from '../../../src/routing/quality/prompt-terms.ts'
import { PUBLISHED_SCORES } from '../../../src/routing/quality/published-scores.ts'
import { type Features, readFeatures } from '../../../src/routing/quality/read-features.ts'
import { readPrompt } from '../../../src/routing/quality/read-prompt.ts'
import { createRandom } from '../random.ts'
import { catalogWith } from './decision.ts'

export type PredictionTimes = {
  readonly what: string
  readonly models: number
  readonly characters: number
  readonly prompts: number
  /** Mean over the prompts: none of them may be so strange that nothing is predicted of it. */
  readonly gate: number
  /** CPU time on average: words to numbers, numbers to what all models share, and then every model of a prompt. */
  readonly featuresCpuMs: number
  readonly readingCpuMs: number
  readonly predictingCpuMs: number
  /** Time of one prompt with all of it, where other programs share the cores. */
  readonly p50Ms: number
  readonly p99Ms: number
}

const WHAT =
  'reading: readFeatures and readPrompt of one prompt, once for all models; predicting: the terms of every head and the estimate of every model'

/** So long that nothing is cut and no more would be read. */
const CHARACTERS = 4_000
const TEXTS = 64

/** Questions as training has them; their numbers differ. */
const QUESTIONS = [
  'Which of the following is a characteristic of an oligopoly market?\nA. Many small firms\nB. A few large firms\nC. No barriers to entry\nD. Perfect information\n',
  'A car starts from rest and accelerates uniformly at # m/s^2. How long would it take to cover a distance of # m?\nA. #.5 s\nB. 1#.0 s\nC. 2#.0 s\nD. #.0 s\n',
  'Which of these vitamins is needed for the synthesis of collagen in the human body?\nA. Vitamin A\nB. Vitamin C\nC. Niacin\nD. Folate\n',
  'John buys # apples for $# each and sells them at twice the price. How much money does he make in total?\n',
  'The defendant was charged with the crime of murder. Which of the following is the best argument for the plaintiff?\nA. The contract was void\nB. The evidence was not admissible\nC. The court has no jurisdiction\nD. None of the above\n',
  'What is the probability that a number drawn from the first # integers is divisible by #?\nA. 1/#\nB. 2/#\nC. 3/#\nD. 1/2\n',
]

function textsOf(count: number): readonly string[] {
  const { integer, pick } = createRandom(3)
  return Array.from({ length: count }, () => {
    let text = ''
    while (text.length < CHARACTERS) text += pick(QUESTIONS).replaceAll('#', () => String(integer(2, 99)))
    return text.slice(0, CHARACTERS)
  })
}

/** CPU time in milliseconds of one call on average, after as many for the compiler. */
function cpuOf(calls: number, call: (index: number) => void): number {
  for (let index = 0; index < calls; index += 1) call(index)
  const before = process.cpuUsage()
  for (let index = 0; index < calls; index += 1) call(index)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / calls
}

const TRAINED_FILE = join(import.meta.dirname, '../../../data/router.bin')

/**
 * Times estimates of one prompt for many models, by the trained file that is shipped.
 *
 * @param prompts how many are timed, after as many for the compiler.
 */
export function measurePrediction({
  models = 200,
  prompts = 4_000,
  predictor = readPredictor(readFileSync(TRAINED_FILE)),
}: { models?: number; prompts?: number; predictor?: Predictor } = {}): PredictionTimes {
  const catalog = catalogWith(models)
  const view = createQualityView({ catalog, predictor, published: PUBLISHED_SCORES })
  const all = [...catalog.models.values()]
  const texts = textsOf(TEXTS)
  const textAt = (index: number) => texts[index % texts.length]!
  const estimate = (features: Features) => {
    for (const model of all) view.of({ model, features })
  }
  // Features of their own each time: what was read of a prompt is remembered by them.
  const estimateAnew = (index: number) => estimate(readFeatures({ text: textAt(index) }))
  const known = texts.map((text) => readFeatures({ text }))
  const readings = known.map((features) => readPrompt({ predictor, features }))
  const terms = createPromptTerms({ predictor, abilityOf: () => 0 })
  const featuresCpuMs = cpuOf(prompts, (index) => void readFeatures({ text: textAt(index) }))
  const readingCpuMs = cpuOf(
    prompts,
    (index) => void readPrompt({ predictor, features: readFeatures({ text: textAt(index) }) }),
  )
  // What all models share once the prompt is read, and then each of them.
  const termsCpuMs = cpuOf(prompts, (index) => void terms.of(readings[index % readings.length]!))
  const estimatesCpuMs = cpuOf(prompts, (index) => estimate(known[index % known.length]!))
  const times = new Float64Array(prompts)
  for (let index = 0; index < prompts; index += 1) {
    const from = performance.now()
    estimateAnew(index)
    times[index] = performance.now() - from
  }
  const sorted = times.toSorted()
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
  return {
    what: WHAT,
    models: all.length,
    characters: CHARACTERS,
    prompts,
    gate: readings.reduce((sum, { gate }) => sum + gate, 0) / readings.length,
    featuresCpuMs,
    readingCpuMs,
    predictingCpuMs: termsCpuMs + estimatesCpuMs,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}
