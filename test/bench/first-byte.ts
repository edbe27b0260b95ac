import type { BenchWorld } from './bench-world.ts'
import { PACED_FREE_MODEL, PACED_MODEL } from './bench-catalog.ts'
import { median, percentile } from './machine.ts'
import { preparePaid } from './quotes.ts'
import { type Answer, demandStatus, openWire, requestBytes } from './wire.ts'

export type FirstByte = {
  readonly streams: number
  readonly paidP50Ms: number
  readonly unpaidP50Ms: number
  readonly addedP50Ms: number
  /** The quickest tenth: what is left where nothing else wanted the processor. */
  readonly paidP10Ms: number
  readonly unpaidP10Ms: number
  readonly paidP99Ms: number
  readonly unpaidP99Ms: number
  /** Reads in which the stream of twenty chunks arrived: the median, and the worst. */
  readonly readsMedian: number
  readonly readsWorst: number
}

const CHUNKS = 20
/** Between two starts. The first byte comes after 50 ms, so it seldom waits for another call's work. */
const EVERY_MS = 60
/** Pairs that are thrown away: a server that has just started compiles its code first. */
const WARM_UP = 4

const streamBody = (model: string, index: number) =>
  JSON.stringify({
    model,
    stream: true,
    max_tokens: CHUNKS,
    messages: [{ role: 'user', content: `Tell me about the harbour. (${index})` }],
  })

const sleep = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs))

/** Paid and unpaid streams in turn, one every 60 ms, whatever became of those before: open loop, in one run. */
export async function measureFirstByte({
  world: { port, channels },
  pairs,
}: {
  world: BenchWorld
  pairs: number
}): Promise<FirstByte> {
  const started = pairs + WARM_UP
  const indices = Array.from({ length: started }, (_, index) => index)
  const bodies = indices.map((index) => streamBody(PACED_MODEL, index))
  const paid = await preparePaid({ port, bodies, channels })
  const wires = await Promise.all(Array.from({ length: started * 2 }, () => openWire({ port })))
  const running: Promise<Answer>[] = []
  const startOne = async (request: Buffer) => {
    const wire = wires[running.length]
    if (wire) running.push(wire.exchange(request))
    await sleep(EVERY_MS)
  }
  for (const index of indices) {
    const paidBytes = paid[index]?.bytes ?? Buffer.alloc(0)
    const unpaidBytes = requestBytes({ body: streamBody(PACED_FREE_MODEL, index) })
    // Each goes first as often as the other.
    const [first, second] = index % 2 === 0 ? [paidBytes, unpaidBytes] : [unpaidBytes, paidBytes]
    await startOne(first)
    await startOne(second)
  }
  const answers = (await Promise.all(running)).slice(WARM_UP * 2)
  for (const wire of wires) wire.close()
  demandStatus(answers, 200)
  const isPaid = (place: number) => (place >> 1) % 2 === place % 2
  const paidMs = answers.filter((_, place) => isPaid(place)).map(({ firstByteMs }) => firstByteMs)
  const unpaidMs = answers.filter((_, place) => !isPaid(place)).map(({ firstByteMs }) => firstByteMs)
  const reads = answers.filter((_, place) => isPaid(place)).map(({ contentReads }) => contentReads)
  return {
    streams: answers.length,
    paidP50Ms: median(paidMs),
    unpaidP50Ms: median(unpaidMs),
    addedP50Ms: median(paidMs) - median(unpaidMs),
    paidP10Ms: percentile(paidMs, 0.1),
    unpaidP10Ms: percentile(unpaidMs, 0.1),
    paidP99Ms: percentile(paidMs, 0.99),
    unpaidP99Ms: percentile(unpaidMs, 0.99),
    readsMedian: median(reads),
    readsWorst: Math.min(...reads),
  }
}
