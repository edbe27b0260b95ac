import { hashText } from '../../src/routing/quality/hash.ts'
import { type Features, readFeatures } from '../../src/routing/quality/read-features.ts'
import { SHAPE_NAMES } from '../../src/routing/quality/shape-numbers.ts'
import { questionOf, type Row } from './read-rows.ts'
import { type Scale, scaleOf, type SparseRows, sparseRowsOf } from './sparse-rows.ts'

/** Who was measured how: a model under a benchmark's protocol. */
export const headOf = (source: string, model: string): string => `${source}:${model}`

/** A benchmark and its part: the same part of two benchmarks is two tasks. */
export const taskName = ({ source, task }: Pick<Row, 'source' | 'task'>): string => `${source}/${task}`

/** Rows in the form that training reads. */
export type Dataset = {
  readonly rows: readonly Row[]
  readonly features: readonly Features[]
  readonly scale: Scale
  readonly sparse: SparseRows
  /** The same without what a program or a tale is made of: for regressions, which would tell models apart by it on too few rows. */
  readonly plain: SparseRows
  /** A number of the row's question, from 0 to 9,999: folds are made of it. */
  readonly lots: Int32Array
  readonly heads: readonly string[]
  readonly tasks: readonly string[]
  readonly taskOf: Int32Array
  /** Outcomes of row r: from starts[r] to starts[r + 1]; `labelRows` leads back. */
  readonly starts: Int32Array
  readonly labelHeads: Int32Array
  readonly labels: Float32Array
  readonly labelRows: Int32Array
}

export const datasetOf = (rows: readonly Row[]): Dataset =>
  assemble({
    rows,
    features: rows.map(({ prompt }) => readFeatures({ text: prompt })),
    lots: Int32Array.from(rows, (row) => hashText(questionOf(row)) % 10_000),
  })

/** The same data without some rows: their features stay, scale, heads and tasks are those of what is left. */
export function subsetOf(data: Dataset, isKept: (row: Row, index: number) => boolean): Dataset {
  const kept = data.rows.map((_, index) => index).filter((index) => isKept(data.rows[index]!, index))
  return assemble({
    rows: kept.map((index) => data.rows[index]!),
    features: kept.map((index) => data.features[index]!),
    lots: Int32Array.from(kept, (index) => data.lots[index]!),
  })
}

function assemble(own: Pick<Dataset, 'rows' | 'features' | 'lots'>): Dataset {
  const { rows, features } = own
  const scale = scaleOf(features)
  return {
    ...own,
    scale,
    sparse: sparseRowsOf({ features, scale }),
    plain: sparseRowsOf({ features, scale, counted: SHAPE_NAMES.length }),
    ...labelsOf(rows),
  }
}

function labelsOf(rows: readonly Row[]) {
  const heads = [
    ...new Set(
      rows.flatMap(({ source, outcomes }) => [...outcomes.keys()].map((model) => headOf(source, model))),
    ),
  ].toSorted()
  const tasks = [...new Set(rows.map(taskName))].toSorted()
  const headIndex = new Map(heads.map((head, index) => [head, index]))
  const taskIndex = new Map(tasks.map((task, index) => [task, index]))
  const starts = new Int32Array(rows.length + 1)
  const labelHeads: number[] = []
  const labels: number[] = []
  const labelRows: number[] = []
  rows.forEach(({ source, outcomes }, row) => {
    for (const [model, { quality }] of outcomes) {
      labelHeads.push(headIndex.get(headOf(source, model))!)
      labels.push(quality)
      labelRows.push(row)
    }
    starts[row + 1] = labels.length
  })
  return {
    heads,
    tasks,
    taskOf: Int32Array.from(rows, (row) => taskIndex.get(taskName(row))!),
    starts,
    labelHeads: Int32Array.from(labelHeads),
    labels: Float32Array.from(labels),
    labelRows: Int32Array.from(labelRows),
  }
}
