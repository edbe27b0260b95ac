import type { EndpointTable, Row, Shelf } from './endpoint-table.ts'
import { estimateColumns, estimateQuality, type QualityKnowledge } from './estimate-quality.ts'
import { type CallSetting, expectCall } from './expect-call.ts'
import { PASSES } from './filter-reasons.ts'
import type { EndpointHealth, HealthView } from './health/endpoint-health.ts'
import type { RouteQuestion } from './route-question.ts'
import { cautiousQuality } from './score.ts'
import { type ScoreSheet, scoreSheet } from './score-sheet.ts'
import type { Strategy } from './strategies.ts'

/** What is the same for every candidate of a choice. */
export type PoolSetting = CallSetting &
  QualityKnowledge & {
    readonly table: EndpointTable
    readonly question: RouteQuestion
    readonly strategy: Strategy
    readonly health: HealthView
    /** Of the plan that was quoted: no estimate and no failure since keeps one of them out. */
    readonly kept?: ReadonlySet<Row> | undefined
  }

export type PoolOptions = {
  readonly setting: PoolSetting
  readonly shelf: Shelf
  /** The hard filters: the code of what is against an endpoint, PASSES where nothing is. */
  readonly reasonAt: (row: Row) => number
  readonly minQuality?: number | undefined
  /** Whether a candidate has to come near the best one; who names models is not second-guessed. */
  readonly hasFloor: boolean
}

/** Who fits, is good enough and may be asked now. */
export type CandidatePool = {
  readonly candidates: readonly Row[]
  /** What is known of those that fit and are good enough, and may not be asked now. */
  readonly resting: ReadonlyMap<Row, EndpointHealth>
  /** With the numbers of every candidate at its index. */
  readonly sheet: ScoreSheet
}

type Search = PoolOptions & { readonly sheet: ScoreSheet }

/**
 * Finds the candidates. All models are estimated; filters and health are asked for where a model can be the best one, and where it is near
 * enough to it. The floor is taken from cautious qualities on both sides, so the best one always meets it.
 */
export function gatherCandidates(options: PoolOptions): CandidatePool {
  const { setting, hasFloor } = options
  const sheet = scoreSheet(setting.table, setting.kept?.size)
  const search = { ...options, sheet }
  rateModels(search)
  const most = mostReliable(search)
  const least = hasFloor && most > -Infinity ? Math.min(most, setting.strategy.floor * most) : -Infinity
  const pool = awakeFrom(search, least)
  addKept(search, pool)
  return { ...pool, sheet }
}

function rateModels({ setting, shelf: { models }, minQuality = 0, sheet: { ofModel } }: Search): void {
  const { quality, sd, reliable } = ofModel
  const { caution } = setting.strategy
  estimateColumns({ models, knowledge: setting, into: ofModel })
  for (let group = 0; group < models.length; group += 1) {
    const own = quality[group]!
    reliable[group] = own >= minQuality ? cautiousQuality(own, sd[group]!, caution) : -Infinity
  }
}

/** The quality of the best model that has a candidate; -Infinity where none has. */
function mostReliable({ setting, shelf: { groups }, reasonAt, sheet }: Search): number {
  const { reliable } = sheet.ofModel
  const isCandidate = (row: Row) =>
    reasonAt(row) === PASSES && !isResting(row, healthOf(row, setting), setting)
  let most = -Infinity
  // The dearest first: those are likely the best, and whoever is not better than the best so far is not looked at.
  for (let group = groups.length - 1; group >= 0; group -= 1)
    if (reliable[group]! > most && groups[group]!.some(isCandidate)) most = reliable[group]!
  return most
}

type Awake = {
  readonly candidates: Row[]
  readonly resting: Map<Row, EndpointHealth>
}

/** What fits and may be asked now of all models that can be relied on for this much, with the quality of its model. */
function awakeFrom(search: Search, least: number): Awake {
  const { setting, shelf, reasonAt, sheet } = search
  const { ofCandidate } = sheet
  const { quality, sd, reliable } = sheet.ofModel
  const pool: Awake = { candidates: [], resting: new Map() }
  for (let group = 0; group < shelf.groups.length; group += 1) {
    if (reliable[group]! < least || reliable[group] === -Infinity) continue
    for (const row of shelf.groups[group]!) {
      if (reasonAt(row) !== PASSES) continue
      const health = healthOf(row, setting)
      if (isResting(row, health, setting)) {
        pool.resting.set(row, health)
        continue
      }
      const index = pool.candidates.push(row) - 1
      expectCall({ index, row, health, setting, sheet })
      ofCandidate.quality[index] = quality[group]!
      ofCandidate.sd[index] = sd[group]!
      ofCandidate.reliable[index] = reliable[group]!
    }
  }
  return pool
}

const healthOf = ({ endpointId, providerId }: Row, { health, expected: { inputTokens } }: PoolSetting) =>
  health.of({ endpointId, providerId, inputTokens })

const isResting = (row: Row, { circuit, retryAtMs }: EndpointHealth, { kept }: PoolSetting): boolean =>
  (circuit === 'open' || retryAtMs !== undefined) && !kept?.has(row)

/** Those of the quoted plan that the estimates of now would leave out. */
function addKept({ setting, reasonAt, sheet }: Search, { candidates }: Awake): void {
  const { ofCandidate } = sheet
  for (const row of setting.kept ?? []) {
    if (candidates.includes(row) || reasonAt(row) !== PASSES) continue
    const { quality, sd } = estimateQuality(row.model, setting)
    const index = candidates.push(row) - 1
    expectCall({ index, row, health: healthOf(row, setting), setting, sheet })
    ofCandidate.quality[index] = quality
    ofCandidate.sd[index] = sd
    ofCandidate.reliable[index] = cautiousQuality(quality, sd, setting.strategy.caution)
  }
}
