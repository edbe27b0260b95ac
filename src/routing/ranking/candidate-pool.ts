import type { EndpointTable, Shelf } from '../table/endpoint-table.ts'
import type { Row } from '../table/endpoint-row.ts'
import { estimateColumns, estimateQuality, type QualityKnowledge } from './estimate-quality.ts'
import { type CallSetting, expectCalls } from './expect-call.ts'
import type { CodeAt } from '../filters/filter-endpoints.ts'
import { PASSES } from '../table/filter-reasons.ts'
import type { HealthColumns, HealthView } from '../health/endpoint-health.ts'
import { healthColumns } from '../health/health-columns.ts'
import type { RouteQuestion } from '../filters/route-question.ts'
import { cautiousQuality } from './score.ts'
import { type ScoreSheet, scoreSheet } from './score-sheet.ts'
import type { Strategy } from '../overrides/strategies.ts'

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
  /** The hard filters. */
  readonly codeAt: CodeAt
  readonly minQuality?: number | undefined
  /** Whether a candidate has to come near the best one; who names models is not second-guessed. */
  readonly hasFloor: boolean
}

/** Who fits, is good enough and may be asked now: numbers of the table. */
export type CandidatePool = {
  readonly candidates: readonly number[]
  /** Those that fit and are good enough, and may not be asked now. */
  readonly resting: readonly number[]
  /** With what is known of every candidate at its index. */
  readonly sheet: ScoreSheet
}

type Search = PoolOptions & { readonly sheet: ScoreSheet; readonly health: HealthColumns }

/**
 * Finds the candidates. All models are estimated; filters and health are asked for where a model can be the best one, and where it is near
 * enough to it. The floor is taken from cautious qualities on both sides, so the best one always meets it.
 */
export function gatherCandidates(options: PoolOptions): CandidatePool {
  const { setting, hasFloor } = options
  const { table, health: view, expected } = setting
  const sheet = scoreSheet(table)
  const { endpointIds } = table
  const health = healthColumns({ view, endpointIds, inputTokens: expected.inputTokens })
  const search = { ...options, sheet, health }
  rateModels(search)
  const most = mostReliable(search)
  const least = hasFloor && most > -Infinity ? Math.min(most, setting.strategy.floor * most) : -Infinity
  const pool = awakeFrom(search, least)
  addKept(search, pool)
  expectCalls({ candidates: pool.candidates, table, health, setting, sheet })
  return { ...pool, sheet }
}

function rateModels({ setting, shelf, minQuality = 0, sheet: { ofModel } }: Search): void {
  const { quality, sd, reliable } = ofModel
  const { caution } = setting.strategy
  estimateColumns({ shelf, knowledge: setting, into: ofModel })
  for (let group = 0; group < shelf.models.length; group += 1) {
    const own = quality[group]!
    reliable[group] = own >= minQuality ? cautiousQuality(own, sd[group]!, caution) : -Infinity
  }
}

/** The quality of the best model that has a candidate; -Infinity where none has. */
function mostReliable(search: Search): number {
  const { reliable } = search.sheet.ofModel
  let most = -Infinity
  // The dearest first: those are likely the best, and whoever is not better than the best so far is not looked at.
  for (let group = search.shelf.models.length - 1; group >= 0; group -= 1)
    if (reliable[group]! > most && hasCandidate(search, group)) most = reliable[group]!
  return most
}

function hasCandidate(search: Search, group: number): boolean {
  const { shelf, codeAt } = search
  for (let at = shelf.starts[group]!; at < shelf.starts[group + 1]!; at += 1) {
    const number = shelf.numbers[at]!
    if (codeAt(number) === PASSES && mayBeAsked(number, search)) return true
  }
  return false
}

type Awake = { readonly candidates: number[]; readonly resting: number[] }

/** What fits and may be asked now of all models that can be relied on for this much, with the quality of its model. */
function awakeFrom(search: Search, least: number): Awake {
  const { shelf, codeAt, sheet } = search
  const { numbers, starts, models } = shelf
  const { quality, sd, reliable } = sheet.ofModel
  const { ofCandidate } = sheet
  const pool: Awake = { candidates: [], resting: [] }
  for (let group = 0; group < models.length; group += 1) {
    if (reliable[group]! < least || reliable[group] === -Infinity) continue
    for (let at = starts[group]!; at < starts[group + 1]!; at += 1) {
      const number = numbers[at]!
      if (codeAt(number) !== PASSES) continue
      if (!mayBeAsked(number, search)) {
        pool.resting.push(number)
        continue
      }
      const index = pool.candidates.push(number) - 1
      ofCandidate.quality[index] = quality[group]!
      ofCandidate.sd[index] = sd[group]!
      ofCandidate.reliable[index] = reliable[group]!
    }
  }
  return pool
}

const mayBeAsked = (number: number, { health, setting: { kept, table } }: Search): boolean =>
  health.isResting[number] === 0 || (kept !== undefined && kept.has(table.rowAt[number]!))

/** Those of the quoted plan that the estimates of now would leave out. */
function addKept({ setting, codeAt, sheet }: Search, { candidates }: Awake): void {
  const { ofCandidate } = sheet
  const { kept = [], strategy } = setting
  for (const { number, model } of kept) {
    if (candidates.includes(number) || codeAt(number) !== PASSES) continue
    const { quality, sd } = estimateQuality(model, setting)
    const index = candidates.push(number) - 1
    ofCandidate.quality[index] = quality
    ofCandidate.sd[index] = sd
    ofCandidate.reliable[index] = cautiousQuality(quality, sd, strategy.caution)
  }
}
