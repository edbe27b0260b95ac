import type { EndpointTable } from '../table/endpoint-table.ts'
import type { QualityColumns } from '../quality/quality-view.ts'
import type { ScoreInputs } from './score.ts'

/** Of the models that are chosen from, in the order of their shelf. */
type ModelColumns = QualityColumns & {
  /** The quality that can be relied on; -Infinity where it is below what was asked for. */
  readonly reliable: Float64Array
}

/** Of the candidates, in the order in which they were found. */
type CandidateColumns = { readonly [Input in keyof ScoreInputs]: Float64Array } & {
  readonly reliable: Float64Array
  readonly score: Float64Array
}

/**
 * The numbers of one decision, as columns. It has hundreds of candidates before it and shows a few, so that objects are made of those few
 * only. The columns of a catalogue are used again by its next decision: to make them takes longer than to fill them. A decision is
 * made in one go, so no other comes in between, and nothing that is told of it later may read them.
 */
export type ScoreSheet = { readonly ofModel: ModelColumns; readonly ofCandidate: CandidateColumns }

const sheets = new WeakMap<EndpointTable, ScoreSheet>()

/** The columns of a catalogue's decisions, with the numbers of the one before in them. */
export function scoreSheet(table: EndpointTable): ScoreSheet {
  const sheet = sheets.get(table) ?? newSheet(table.models.length, table.rows.length)
  sheets.set(table, sheet)
  return sheet
}

function newSheet(models: number, candidates: number): ScoreSheet {
  const byModel = () => new Float64Array(models)
  const byCandidate = () => new Float64Array(candidates)
  return {
    ofModel: { quality: byModel(), sd: byModel(), prior: byModel(), reliable: byModel() },
    ofCandidate: {
      quality: byCandidate(),
      sd: byCandidate(),
      reliable: byCandidate(),
      costPicoUsd: byCandidate(),
      latencyMs: byCandidate(),
      availability: byCandidate(),
      cachedPicoUsd: byCandidate(),
      score: byCandidate(),
    },
  }
}

/** What the score of a candidate is made of. */
export const inputsAt = ({ ofCandidate }: ScoreSheet, index: number): ScoreInputs => ({
  quality: ofCandidate.quality[index]!,
  sd: ofCandidate.sd[index]!,
  costPicoUsd: ofCandidate.costPicoUsd[index]!,
  latencyMs: ofCandidate.latencyMs[index]!,
  availability: ofCandidate.availability[index]!,
  cachedPicoUsd: ofCandidate.cachedPicoUsd[index]!,
})
