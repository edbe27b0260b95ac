import { measureDecision } from './decision.ts'
import type { RoutingPart } from './routing-part.ts'

const MOST_MS = 0.1
const [DECISIONS, SHORT] = [40_000, 5_000]

/** How long one decision takes. The target is one of speed: it is judged on a machine that does nothing else. */
export const decisionPart: RoutingPart = {
  async run({ isShort, note }) {
    const figures = measureDecision({ decisions: isShort ? SHORT : DECISIONS })
    note(`decision over ${figures.models} models: p99 ${figures.p99Ms.toFixed(3)} ms`)
    const isMet = figures.p99Ms < MOST_MS
    return {
      figures,
      misses: isMet ? [] : [`p99 of a decision ${figures.p99Ms.toFixed(3)} ms, not below ${MOST_MS} ms`],
    }
  },
}
