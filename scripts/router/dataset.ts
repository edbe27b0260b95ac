import { readFeatures, type PromptFeatures } from '../../src/routing/quality/read-features.ts'
import { hashText } from '../../src/routing/quality/hash.ts'
import { questionOf, type Row } from './read-rows.ts'

/** Who was measured how: a model under a benchmark's protocol. RouteLLM's three benchmarks share one. */
export const headOf = (source: string, model: string): string =>
  `${source.startsWith('routellm') ? 'routellm' : source}:${model}`

/** Rows in the form that training reads. */
export type Dataset = {
  readonly rows: readonly Row[]
  readonly features: readonly PromptFeatures[]
  /** The fold of a row by its question, from 0 to 9,999. */
  readonly lots: Int32Array
  readonly heads: readonly string[]
  readonly tasks: readonly string[]
  readonly taskOf: Int32Array
  /** Outcomes of row r: from starts[r] to starts[r + 1]. */
  readonly starts: Int32Array
  readonly labelHeads: Int32Array
  readonly labels: Float32Array
}

export function datasetOf(rows: readonly Row[], known?: Pick<Dataset, 'heads' | 'tasks'>): Dataset {
  const heads =
    known?.heads ??
    [
      ...new Set(rows.flatMap(({ source, outcomes }) => [...outcomes.keys()].map((model) => headOf(source, model)))),
    ].toSorted()
  const tasks = known?.tasks ?? [...new Set(rows.map(taskName))].toSorted()
  const headIndex = new Map(heads.map((head, index) => [head, index]))
  const taskIndex = new Map(tasks.map((task, index) => [task, index]))
  const starts = new Int32Array(rows.length + 1)
  const labelHeads: number[] = []
  const labels: number[] = []
  rows.forEach(({ source, outcomes }, row) => {
    for (const [model, { quality }] of outcomes) {
      const head = headIndex.get(headOf(source, model))
      if (head === undefined) continue
      labelHeads.push(head)
      labels.push(quality)
    }
    starts[row + 1] = labels.length
  })
  return {
    rows,
    features: rows.map(({ prompt }) => readFeatures({ text: prompt })),
    lots: Int32Array.from(rows, (row) => hashText(questionOf(row)) % 10_000),
    heads,
    tasks,
    taskOf: Int32Array.from(rows, (row) => taskIndex.get(taskName(row)) ?? -1),
    starts,
    labelHeads: Int32Array.from(labelHeads),
    labels: Float32Array.from(labels),
  }
}

/** A benchmark and its part: the same part of two benchmarks is two tasks. */
export const taskName = ({ source, task }: Row): string => `${source}/${task}`
