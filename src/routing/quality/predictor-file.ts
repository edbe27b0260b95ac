import { BUCKETS, WORD_PLACES } from './read-features.ts'
import type { Predictor, PredictorFacts } from './predictor.ts'

/** The first bytes of the trained file: its name and the version of its form. */
const MAGIC = 'TPQ1'

type Arrays = Omit<Predictor, keyof PredictorFacts>

/** How many numbers of each array, and of which kind, in the order in which they are written. */
function layoutOf({ width, shapeCount, tasks, heads }: PredictorFacts) {
  return {
    projection: [Int8Array, BUCKETS * width],
    knownWords: [Uint8Array, WORD_PLACES / 8],
    scales: [Float32Array, width],
    shapeRows: [Float32Array, (shapeCount + 1) * width],
    shapeMean: [Float32Array, shapeCount],
    shapeInverse: [Float32Array, shapeCount],
    taskVectors: [Float32Array, tasks.length * width],
    vectors: [Float32Array, heads.length * width],
    effects: [Float32Array, heads.length * tasks.length],
    directions: [Float32Array, tasks.length * width],
  } as const
}

/**
 * The trained file: `TPQ1`, the length of its facts, the facts as JSON, then the arrays one after the other, each from a
 * multiple of four bytes (little-endian).
 */
export function writePredictor(predictor: Predictor): Uint8Array {
  const facts: PredictorFacts = {
    width: predictor.width,
    linearWidth: predictor.linearWidth,
    shapeCount: predictor.shapeCount,
    domains: predictor.domains,
    sources: predictor.sources,
    tasks: predictor.tasks,
    heads: predictor.heads,
    likeness: predictor.likeness,
    familiarity: predictor.familiarity,
    trainedOn: predictor.trainedOn,
    operating: predictor.operating,
  }
  const text = new TextEncoder().encode(JSON.stringify(facts))
  const layout = layoutOf(facts)
  const size = Object.values(layout).reduce(
    (sum, [kind, count]) => sum + roundUp(kind.BYTES_PER_ELEMENT * count),
    0,
  )
  const bytes = new Uint8Array(8 + roundUp(text.length) + size)
  bytes.set(new TextEncoder().encode(MAGIC))
  new DataView(bytes.buffer).setUint32(4, text.length, true)
  bytes.set(text, 8)
  let at = 8 + roundUp(text.length)
  for (const name of Object.keys(layout) as (keyof Arrays)[]) {
    const array = predictor[name]
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += roundUp(array.byteLength)
  }
  return bytes
}

/**
 * Reads a trained file.
 *
 * @throws RangeError where it is another file, of another version, or cut short.
 */
export function readPredictor(file: Uint8Array): Predictor {
  // A copy of its own begins at a multiple of four, which views of four-byte numbers need.
  const bytes = file.slice()
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC) {
    throw new RangeError('This is no trained file of this version: write one with scripts/train-router.ts.')
  }
  const length = new DataView(bytes.buffer).getUint32(4, true)
  if (8 + length > bytes.length) throw new RangeError('The trained file is cut short.')
  const facts: PredictorFacts = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  const layout = layoutOf(facts)
  let at = 8 + roundUp(length)
  const take = <T>(
    kind: { new (buffer: ArrayBuffer, from: number, count: number): T; BYTES_PER_ELEMENT: number },
    count: number,
  ): T => {
    const from = at
    at += roundUp(kind.BYTES_PER_ELEMENT * count)
    if (at > bytes.length) throw new RangeError('The trained file is cut short.')
    return new kind(bytes.buffer, from, count)
  }
  return {
    ...facts,
    projection: take(...layout.projection),
    knownWords: take(...layout.knownWords),
    scales: take(...layout.scales),
    shapeRows: take(...layout.shapeRows),
    shapeMean: take(...layout.shapeMean),
    shapeInverse: take(...layout.shapeInverse),
    taskVectors: take(...layout.taskVectors),
    vectors: take(...layout.vectors),
    effects: take(...layout.effects),
    directions: take(...layout.directions),
  }
}

const roundUp = (bytes: number): number => (bytes + 3) & ~3
