import { logOdds } from '../../src/routing/quality/exact-math.ts'
import type { Dataset } from './dataset.ts'
import type { Network } from './network.ts'
import { type NetworkOptions, trainNetwork } from './train-network.ts'
import { trainLinear } from './train-linear.ts'

/** How a predictor is trained. */
export type TrainOptions = {
  readonly seed: number
  readonly penalty: number
  readonly linearEpochs: number
  readonly networks: number
  readonly network: Omit<NetworkOptions, 'seed'>
  readonly rank: number
}

export const TRAIN_OPTIONS: TrainOptions = {
  seed: 20_261_126,
  penalty: 0.5,
  linearEpochs: 6,
  networks: 2,
  network: {
    width: 48,
    epochs: 4,
    rate: 0.1,
    inputDropout: 0.2,
    hiddenDropout: 0.2,
    taskWeight: 0.6,
    decay: 1e-4,
    contrast: 2,
  },
  rank: 16,
}

/** The three ways in which quality is predicted, before they are joined. */
export type Parts = {
  /** One regression for each head, on its own rows. */
  readonly linear: readonly Float64Array[]
  /** Networks that all heads share. */
  readonly networks: readonly Network[]
  /** Row h, column t: log-odds of the mean quality of head h in task t of its source; 0 where it has none. */
  readonly effects: Float32Array
  /** Whether head h has rows in task t. */
  readonly hasTask: Uint8Array
}

/** So many rows of the head's mean are mixed into each task's. */
const TASK_SHRINK = 8

export function trainParts({
  data,
  isMember,
  targets = data.labels,
  options = TRAIN_OPTIONS,
  onStep,
}: {
  data: Dataset
  isMember: (row: number) => boolean
  /** What networks learn of each outcome (item-response.ts). */
  targets?: Float32Array
  options?: TrainOptions
  onStep?: (step: string) => void
}): Parts {
  const members = Int32Array.from([...data.rows.keys()].filter(isMember))
  const places = placesByHead(data, isMember)
  onStep?.('regressions')
  const linear = places.map((mine) =>
    trainLinear({
      rows: data.plain,
      members: Int32Array.from(mine, (at) => data.labelRows[at]!),
      labels: Float32Array.from(mine, (at) => data.labels[at]!),
      penalty: options.penalty,
      epochs: options.linearEpochs,
      seed: options.seed,
    }),
  )
  const networks = Array.from({ length: options.networks }, (_, index) => {
    onStep?.(`network ${index + 1} of ${options.networks}`)
    return trainNetwork({
      data,
      members,
      targets,
      options: { ...options.network, seed: options.seed + 101 * index },
    })
  })
  return { linear, networks, ...taskEffects(data, places) }
}

/** Where each head's outcomes lie. */
function placesByHead(data: Dataset, isMember: (row: number) => boolean): readonly (readonly number[])[] {
  const places: number[][] = data.heads.map(() => [])
  data.labelHeads.forEach((head, at) => {
    if (isMember(data.labelRows[at]!)) places[head]!.push(at)
  })
  return places
}

function taskEffects(data: Dataset, places: readonly (readonly number[])[]) {
  const T = data.tasks.length
  const effects = new Float32Array(places.length * T)
  const hasTask = new Uint8Array(places.length * T)
  places.forEach((mine, head) => {
    const sums = new Float64Array(T)
    const counts = new Float64Array(T)
    let total = 0
    for (const at of mine) {
      const task = data.taskOf[data.labelRows[at]!]!
      sums[task] = sums[task]! + data.labels[at]!
      counts[task] = counts[task]! + 1
      total += data.labels[at]!
    }
    const mean = (total + 1) / (mine.length + 2)
    for (let t = 0; t < T; t += 1) {
      if (counts[t] === 0) continue
      hasTask[head * T + t] = 1
      effects[head * T + t] = logOdds((sums[t]! + TASK_SHRINK * mean) / (counts[t]! + TASK_SHRINK))
    }
  })
  return { effects, hasTask }
}
