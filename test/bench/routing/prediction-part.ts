import { measurePrediction } from './prediction.ts'
import type { RoutingPart } from './routing-part.ts'

const [MOST_READING_MS, MOST_PREDICTING_MS] = [1, 0.1]
const LEAST_GATE = 0.1
const [PROMPTS, SHORT] = [4_000, 500]

/** What an estimate of quality costs. Its targets are of CPU time, so other programs that share the cores are not in it. */
export const predictionPart: RoutingPart = {
  async run({ isShort, note }) {
    const figures = measurePrediction({ prompts: isShort ? SHORT : PROMPTS })
    const { models, characters, readingCpuMs, predictingCpuMs, gate } = figures
    note(
      `${characters} characters read in ${readingCpuMs.toFixed(3)} ms of CPU, ${models} models predicted in ${predictingCpuMs.toFixed(3)} ms`,
    )
    return {
      figures,
      misses: [
        ...(readingCpuMs < MOST_READING_MS
          ? []
          : [`reading a prompt ${readingCpuMs.toFixed(3)} ms, not below ${MOST_READING_MS} ms`]),
        ...(predictingCpuMs < MOST_PREDICTING_MS
          ? []
          : [
              `predicting ${models} models ${predictingCpuMs.toFixed(3)} ms, not below ${MOST_PREDICTING_MS} ms`,
            ]),
        ...(gate > LEAST_GATE ? [] : ['the gate was nearly shut: hardly anything was predicted']),
      ],
    }
  },
}
