import type { EndpointTable } from './endpoint-table.ts'
import type { QualityColumns } from './quality-view.ts'
import type { ScoreInputs } from './score.ts'

/** Of the models that are chosen from, in the order of their shelf. */
type ModelColumns = QualityColumns & {
  /** The quality that can be relied on; -Infinity where it is below what was asked for. */
  readonly reliable: Float64Array
  /** 1 where its endpoints have been looked at. */
  readonly isSeen: Uint8Array
}

/** Of endpoints, by their place. */
type EndpointColumns = { readonly [Input in keyof ScoreInputs]: Float64Array } & {
  readonly reliable: Float64Array
  readonly score: Float64Array
  /** 1 where it fits and may be asked now. */
  readonly isAwake: Uint8Array
}

/**
 * The numbers of one decision, as columns. It has hundreds of candidates before it and shows a few, so that objects are made of those few
 * only. The columns of a catalogue are used again by its next decision: to make them takes longer than to fill them. A decision is
 * made in one go, so no other comes in between, and nothing that is told of it later may read them.
 */
export type ScoreSheet = { readonly ofModel: ModelColumns; readonly ofRow: EndpointColumns }

const sheets = new WeakMap<EndpointTable, ScoreSheet>()

/** The columns of a catalogue's decisions, with the numbers of the one before in them. */
export function scoreSheet(table: EndpointTable): ScoreSheet {
  const sheet = sheets.get(table) ?? newSheet(table)
  sheets.set(table, sheet)
  return sheet
}

function newSheet({ models, rows }: EndpointTable): ScoreSheet {
  const places = 1 + (rows.at(-1)?.place ?? 0)
  const byModel = () => new Float64Array(models.length)
  const byPlace = () => new Float64Array(places)
  return {
    ofModel: {
      quality: byModel(),
      sd: byModel(),
      prior: byModel(),
      reliable: byModel(),
      isSeen: new Uint8Array(models.length),
    },
    ofRow: {
      quality: byPlace(),
      sd: byPlace(),
      reliable: byPlace(),
      costPicoUsd: byPlace(),
      latencyMs: byPlace(),
      availability: byPlace(),
      cachedPicoUsd: byPlace(),
      score: byPlace(),
      isAwake: new Uint8Array(places),
    },
  }
}

/** What the score of the endpoint at a place is made of. */
export const inputsAt = ({ ofRow }: ScoreSheet, place: number): ScoreInputs => ({
  quality: ofRow.quality[place]!,
  sd: ofRow.sd[place]!,
  costPicoUsd: ofRow.costPicoUsd[place]!,
  latencyMs: ofRow.latencyMs[place]!,
  availability: ofRow.availability[place]!,
  cachedPicoUsd: ofRow.cachedPicoUsd[place]!,
})
