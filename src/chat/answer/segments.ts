import type { Said } from './read-said.ts'

/** A stretch of an answer that is of one kind: what the other dialects call a block or an item. */
export type Segment = {
  readonly kind: 'reasoning' | 'encrypted' | 'text' | 'refusal' | 'tool'
  /** Its place in the answer. */
  readonly index: number
  readonly text: string
  /** Of reasoning. */
  readonly signature: string
  /** Of a tool's call. */
  readonly id: string
  readonly name: string
}

export type Step =
  | { readonly type: 'open' | 'close'; readonly segment: Segment }
  | { readonly type: 'delta'; readonly segment: Segment; readonly text: string }

type Growing = { -readonly [K in keyof Segment]: Segment[K] } & {
  toolIndex: number | undefined
  isOpen: boolean
  /** What no step has told yet. */
  untold: string
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A call is whole when its arguments are; anything else as soon as something else begins. */
const isWhole = (segment: Growing) => segment.kind !== 'tool' || isJson(segment.text)

/**
 * Turns what a model says into stretches, one after the other: each is opened, told in pieces and closed before the next one opens,
 * however a provider cuts its chunks or mixes parallel calls. What comes for a later stretch waits until its turn.
 */
export function createSegments(): {
  readonly take: (said: Said) => Step[]
  /** Closes what is open. */
  readonly end: () => Step[]
  /** All that were closed, in order. */
  readonly closed: readonly Segment[]
} {
  const queue: Growing[] = []
  const closed: Segment[] = []
  let begun = 0

  function begin(kind: Segment['kind'], toolIndex?: number): Growing {
    const fresh = { kind, index: begun, text: '', signature: '', id: '', name: '' }
    const growing = { ...fresh, toolIndex, isOpen: false, untold: '' }
    begun += 1
    queue.push(growing)
    return growing
  }

  /** The stretch that goes on with this, or a new one. */
  function stretchOf(said: Said): Growing {
    const last = queue.at(-1)
    if (said.kind === 'tool') {
      return queue.find(({ toolIndex }) => toolIndex === said.index) ?? begin('tool', said.index)
    }
    if (said.kind === 'signature') {
      return queue.findLast(({ kind }) => kind === 'reasoning') ?? begin('reasoning')
    }
    // A signature ends a thought, and each encrypted piece is one of its own.
    const goesOn = last?.kind === said.kind && last.signature === '' && said.kind !== 'encrypted'
    return goesOn ? last : begin(said.kind)
  }

  function add(said: Said): void {
    const stretch = stretchOf(said)
    if (said.kind === 'signature') {
      stretch.signature += said.text
      return
    }
    stretch.text += said.text
    stretch.untold += said.text
    if (said.kind !== 'tool') return
    stretch.id ||= said.id
    stretch.name ||= said.name
  }

  function tell(isEnd: boolean): Step[] {
    const steps: Step[] = []
    for (let head = queue[0]; head; head = queue[0]) {
      if (!head.isOpen) {
        if (head.kind === 'tool' && head.name === '' && !isEnd) break
        head.isOpen = true
        steps.push({ type: 'open', segment: head })
      }
      if (head.untold !== '') steps.push({ type: 'delta', segment: head, text: head.untold })
      head.untold = ''
      if (!isEnd && (queue.length === 1 || !isWhole(head))) break
      steps.push({ type: 'close', segment: head })
      closed.push(head)
      queue.shift()
    }
    return steps
  }

  return {
    take(said) {
      add(said)
      return tell(false)
    },
    end: () => tell(true),
    closed,
  }
}
