import { logOdds } from '../../src/routing/quality/exact-math.ts'
import { familiarityOf, likenessOf } from '../../src/routing/quality/gate.ts'
import type { Head, Predictor } from '../../src/routing/quality/predictor.ts'
import { BUCKETS, WORD_PLACES } from '../../src/routing/quality/read-features.ts'
import { readPrompt } from '../../src/routing/quality/read-prompt.ts'
import type { Dataset } from './dataset.ts'
import { DOMAINS, domainOf } from './domain-of.ts'
import { fitCompressed } from './fit-compressed.ts'
import { lowRank } from './low-rank.ts'
import { type Mix, USUAL_MIX } from './stack.ts'
import { type Parts, TRAIN_OPTIONS } from './train-parts.ts'

/** A word has to occur so often in training to count as known. */
const KNOWN_FROM = 2

/** So many rows of a head's mean are mixed into each domain's. */
const DOMAIN_SHRINK = 8

/** Joins parts to the predictor that is shipped: one hidden layer of bytes, one vector for each head. */
export function assemble({
  data,
  parts,
  mixes,
  gate = { likeness: [0, 1e-6], familiarity: [0, 1e-6] },
  rank = TRAIN_OPTIONS.rank,
  trainedOn = '',
  operating = { costs: {}, points: {} },
}: {
  data: Dataset
  parts: Parts
  mixes: ReadonlyMap<string, Mix>
  /** Left out: the gate is open for all that has a word in common with training. */
  gate?: Pick<Predictor, 'likeness' | 'familiarity'>
  rank?: number
  trainedOn?: string
  operating?: Predictor['operating']
}): Predictor {
  const shapeCount = data.scale.mean.length
  const headFacts = headsOf(data)
  const compressed = lowRank({
    weights: parts.linear,
    importance: headFacts.map(({ sourceName, count }) =>
      importanceOf(mixes.get(sourceName) ?? USUAL_MIX, count),
    ),
    rank,
  })
  const { basis, vectors: linearVectors } = compressed
  const fits = fitCompressed({ data, weights: parts.linear, compressed })
  const width = rank + parts.networks.reduce((sum, network) => sum + network.width, 0)
  const T = data.tasks.length
  const { rows, places } = joinRows({ width, rank, basis, parts, columns: data.sparse.width })
  const sources = rangesOf(data.tasks)
  const sourceIndex = new Map(sources.map(({ name }, index) => [name, index]))
  const vectors = new Float32Array(data.heads.length * width)
  const effects = new Float32Array(data.heads.length * T)
  const taskVectors = new Float32Array(T * width)
  const share = 1 / parts.networks.length
  const heads = headFacts.map((head, h): Head => {
    const [constant, linear, shared, task] = mixes.get(head.sourceName) ?? USUAL_MIX
    const fit = fits[h]!
    for (let k = 0; k < rank; k += 1)
      vectors[h * width + k] = linear * fit.factor * linearVectors[h * rank + k]!
    let offset = constant + linear * fit.constant
    parts.networks.forEach((network, index) => {
      offset += shared * share * network.intercepts[h]!
      for (let k = 0; k < network.width; k += 1)
        vectors[h * width + places[index]! + k] = shared * share * network.vectors[h * network.width + k]!
    })
    for (let t = 0; t < T; t += 1) effects[h * T + t] = task * parts.effects[h * T + t]!
    const { sourceName, ...facts } = head
    return { ...facts, source: sourceIndex.get(sourceName)!, offset }
  })
  parts.networks.forEach((network, index) => {
    for (let t = 0; t < T; t += 1)
      for (let k = 0; k < network.width; k += 1)
        taskVectors[t * width + places[index]! + k] = share * network.taskVectors[t * network.width + k]!
  })
  const predictor: Predictor = {
    width,
    linearWidth: rank,
    shapeCount,
    domains: DOMAINS,
    sources,
    tasks: data.tasks.map((name) => ({ name, domain: domainOf(name) })),
    heads,
    ...gate,
    trainedOn,
    operating,
    ...quantize(rows, width),
    shapeRows: rows.slice(BUCKETS * width),
    shapeMean: Float32Array.from(data.scale.mean),
    shapeInverse: Float32Array.from(data.scale.inverse),
    taskVectors,
    vectors,
    effects,
    directions: new Float32Array(T * width),
    knownWords: knownWordsOf(data),
  }
  return { ...predictor, directions: directionsOf(data, predictor) }
}

/** How much of a head's odds its regression is; less where few rows made it. */
const importanceOf = (mix: Mix, count: number): number => (Math.max(0, mix[1]) * count) / (count + 200)

/** One row of `width` for each column of the input, from the regressions' basis and every network's projection. */
function joinRows({
  width,
  rank,
  basis,
  parts,
  columns,
}: {
  width: number
  rank: number
  basis: Float32Array
  parts: Parts
  columns: number
}) {
  const rows = new Float32Array(columns * width)
  const places: number[] = []
  let place = rank
  for (const network of parts.networks) {
    places.push(place)
    place += network.width
  }
  for (let column = 0; column < columns; column += 1) {
    rows.set(basis.subarray(column * rank, (column + 1) * rank), column * width)
    parts.networks.forEach((network, index) => {
      const from = column * network.width
      rows.set(network.projection.subarray(from, from + network.width), column * width + places[index]!)
    })
  }
  return { rows, places }
}

/** Words' rows in whole steps of a byte; a step covers six deviations, and what is beyond them is cut. */
function quantize(rows: Float32Array, width: number): Pick<Predictor, 'projection' | 'scales'> {
  const projection = new Int8Array(BUCKETS * width)
  const scales = new Float32Array(width)
  for (let k = 0; k < width; k += 1) {
    let squares = 0
    let most = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const square = rows[bucket * width + k]! ** 2
      squares += square
      if (square > most) most = square
    }
    scales[k] = Math.min(Math.sqrt(most), 8 * Math.sqrt(squares / BUCKETS)) / 127 || 1
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const steps = Math.round(rows[bucket * width + k]! / scales[k]!)
      projection[bucket * width + k] = Math.max(-127, Math.min(127, steps))
    }
  }
  return { projection, scales }
}

/** Tasks are in the order of their names, so those of a source lie side by side. */
function rangesOf(tasks: readonly string[]) {
  const names = [...new Set(tasks.map((task) => task.slice(0, task.indexOf('/'))))]
  return names.map((name) => ({
    name,
    from: tasks.findIndex((task) => task.startsWith(`${name}/`)),
    to: tasks.findLastIndex((task) => task.startsWith(`${name}/`)) + 1,
  }))
}

/** What is known of each head before any prompt is read: its means over all rows and by domain. */
export function headsOf(data: Dataset) {
  const D = DOMAINS.length
  const sums = new Float64Array(data.heads.length * D)
  const counts = new Int32Array(data.heads.length * D)
  const domains = data.tasks.map(domainOf)
  data.labels.forEach((label, at) => {
    const place = data.labelHeads[at]! * D + domains[data.taskOf[data.labelRows[at]!]!]!
    sums[place] = sums[place]! + label
    counts[place] = counts[place]! + 1
  })
  return data.heads.map((name, h) => {
    const mine = { sums: sums.slice(h * D, (h + 1) * D), counts: counts.slice(h * D, (h + 1) * D) }
    const count = mine.counts.reduce((a, b) => a + b, 0)
    const mean = (mine.sums.reduce((a, b) => a + b, 0) + 1) / (count + 2)
    return {
      name,
      sourceName: name.slice(0, name.indexOf(':')),
      base: logOdds(mean),
      count,
      domainBases: DOMAINS.map((_, d) =>
        logOdds((mine.sums[d]! + DOMAIN_SHRINK * mean) / (mine.counts[d]! + DOMAIN_SHRINK)),
      ),
      domainCounts: [...mine.counts],
    }
  })
}

function knownWordsOf({ features }: Dataset): Uint8Array {
  const counts = new Uint32Array(WORD_PLACES)
  for (const { words } of features) for (const place of words) counts[place] = counts[place]! + 1
  const known = new Uint8Array(WORD_PLACES / 8)
  counts.forEach((count, place) => {
    if (count >= KNOWN_FROM) known[place >>> 3] = known[place >>> 3]! | (1 << (place & 7))
  })
  return known
}

function directionsOf(data: Dataset, predictor: Predictor): Float32Array {
  const { width } = predictor
  const sums = new Float64Array(predictor.tasks.length * width)
  data.features.forEach((features, row) => {
    const { hidden } = readPrompt({ predictor, features })
    addDirection(sums, data.taskOf[row]! * width, hidden)
  })
  const directions = new Float64Array(sums.length)
  for (let t = 0; t < predictor.tasks.length; t += 1)
    addDirection(directions, t * width, sums.subarray(t * width, (t + 1) * width))
  return Float32Array.from(directions)
}

function addDirection(sums: Float64Array, at: number, vector: Float64Array): void {
  let square = 0
  for (const number of vector) square += number * number
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0
  vector.forEach((number, k) => void (sums[at + k] = sums[at + k]! + scale * number))
}

/** The likeness and the share of known words below which training rows are rare: there the gate opens. */
export function gateBounds({
  predictor,
  data,
}: {
  predictor: Predictor
  data: Dataset
}): Pick<Predictor, 'likeness' | 'familiarity'> {
  const familiar = Float64Array.from(data.features, (features) =>
    familiarityOf(predictor, features),
  ).toSorted()
  const alike = Float64Array.from(data.features, (features) =>
    likenessOf(predictor, readPrompt({ predictor, features }).hidden),
  ).toSorted()
  const at = (sorted: Float64Array, share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  return {
    likeness: [at(alike, 0.001), at(alike, 0.01)],
    familiarity: [at(familiar, 0.001), at(familiar, 0.01)],
  }
}
