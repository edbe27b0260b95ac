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
  /** With the numbers of every candidate at its place. */
  readonly sheet: ScoreSheet
}

/**
 * Finds the candidates. All models are estimated; filters and health are asked for where a model can be the best one, and where it is near
 * enough to it. The floor is taken from cautious qualities on both sides, so the best one always meets it.
 */
export function gatherCandidates(options: PoolOptions): CandidatePool {
  const { setting, hasFloor } = options
  const sheet = scoreSheet(setting.table)
  const resting = new Map<Row, EndpointHealth>()
  const looking = { options, sheet, resting }
  rateModels(looking)
  const most = mostReliable(looking)
  const least = hasFloor && most > -Infinity ? Math.min(most, setting.strategy.floor * most) : -Infinity
  const candidates = allFrom(looking, least)
  addKept(looking, candidates)
  // Those of models that turned out to be too far below the best one.
  for (const row of resting.keys()) if (sheet.ofRow.reliable[row.place]! < least) resting.delete(row)
  return { candidates, resting, sheet }
}

/** What every step of one search needs. */
type Looking = {
  readonly options: PoolOptions
  readonly sheet: ScoreSheet
  readonly resting: Map<Row, EndpointHealth>
}

function rateModels({ options, sheet: { ofModel } }: Looking): void {
  const { setting, minQuality = 0 } = options
  const { models } = options.shelf
  const { quality, sd, reliable, isSeen } = ofModel
  const { caution } = setting.strategy
  estimateColumns({ models, knowledge: setting, into: ofModel })
  isSeen.fill(0)
  for (let group = 0; group < models.length; group += 1) {
    const own = quality[group]!
    reliable[group] = own >= minQuality ? cautiousQuality(own, sd[group]!, caution) : -Infinity
  }
}

/** The quality of the best model that has a candidate; -Infinity where none has. */
function mostReliable(looking: Looking): number {
  const { groups } = looking.options.shelf
  const { ofModel, ofRow } = looking.sheet
  let most = -Infinity
  // The dearest first: those are likely the best, and whoever is not better than the best so far is not looked at.
  for (let group = groups.length - 1; group >= 0; group -= 1) {
    if (ofModel.reliable[group]! <= most) continue
    lookAtModel(looking, group)
    if (groups[group]!.some(({ place }) => ofRow.isAwake[place] === 1)) most = ofModel.reliable[group]!
  }
  return most
}

/** The candidates of all models that can be relied on for this much. */
function allFrom(looking: Looking, least: number): Row[] {
  const { groups } = looking.options.shelf
  const { ofModel, ofRow } = looking.sheet
  const candidates: Row[] = []
  for (let group = 0; group < groups.length; group += 1) {
    const reliable = ofModel.reliable[group]!
    if (reliable < least || reliable === -Infinity) continue
    if (ofModel.isSeen[group] === 0) lookAtModel(looking, group)
    for (const row of groups[group]!) if (ofRow.isAwake[row.place] === 1) candidates.push(row)
  }
  return candidates
}

function lookAtModel(looking: Looking, group: number): void {
  const { options, sheet } = looking
  const { quality, sd, reliable, isSeen } = sheet.ofModel
  isSeen[group] = 1
  for (const row of options.shelf.groups[group]!) {
    const { place } = row
    sheet.ofRow.quality[place] = quality[group]!
    sheet.ofRow.sd[place] = sd[group]!
    sheet.ofRow.reliable[place] = reliable[group]!
    sheet.ofRow.isAwake[place] = lookAt(looking, row) ? 1 : 0
  }
}

/** Whether an endpoint fits and may be asked now; if so, with what is expected of it. */
function lookAt({ options, sheet, resting }: Looking, row: Row): boolean {
  if (options.reasonAt(row) !== PASSES) return false
  const { setting } = options
  const { endpointId, providerId } = row
  const { inputTokens } = setting.expected
  const health = setting.health.of({ endpointId, providerId, inputTokens })
  const isResting = health.circuit === 'open' || health.retryAtMs !== undefined
  if (isResting && !setting.kept?.has(row)) {
    resting.set(row, health)
    return false
  }
  expectCall({ row, health, setting, sheet })
  return true
}

/** Those of the quoted plan that the estimates of now would leave out. */
function addKept(looking: Looking, candidates: Row[]): void {
  const { options, sheet } = looking
  const { kept, strategy } = options.setting
  for (const row of kept ?? []) {
    if (candidates.includes(row) || !lookAt(looking, row)) continue
    const { quality, sd } = estimateQuality(row.model, options.setting)
    sheet.ofRow.quality[row.place] = quality
    sheet.ofRow.sd[row.place] = sd
    sheet.ofRow.reliable[row.place] = cautiousQuality(quality, sd, strategy.caution)
    candidates.push(row)
  }
}
