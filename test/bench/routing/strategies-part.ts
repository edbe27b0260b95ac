import { STRATEGY_NAMES } from '../../../src/chat/routing/overrides.ts'
import type { RoutingPart } from './routing-part.ts'
import { compareStrategies } from './strategies.ts'

const [CALLS, SHORT] = [4_000, 500]

/** Whether every strategy is the best of all on its own axis. */
export const strategiesPart: RoutingPart = {
  async run({ isShort, note }) {
    const figures = compareStrategies({ calls: isShort ? SHORT : CALLS })
    note(
      `strategies over ${figures.calls} requests: ${figures.isEachBest ? 'each' : 'not each'} best on its own axis`,
    )
    return {
      figures,
      misses: STRATEGY_NAMES.flatMap((axis) => {
        const winner = figures.winners[axis]
        return winner === axis ? [] : [`${winner} is better than ${axis} on the axis of ${axis}`]
      }),
    }
  },
}
