import type { Random } from '../random.ts'

/** One life of one server process. What it knows and has not stored ends with it. */
export type Life = {
  readonly id: string
  isAlive: boolean
  /** Its pieces of work that do not wait for the world. */
  running: number
}

type Ready = { readonly life: Life; readonly go: () => void }
type Sleeper = { readonly life: Life; readonly atMs: number; readonly wake: () => void }

/** Told before and after every effect; may end the life, or throw in the place of the answer. */
export type Boundary = (event: { life: Life; name: string; side: 'before' | 'after' }) => void

/**
 * Time and order of a simulated world. Every port call waits here until it is its turn; between two turns all processes stand
 * still, so the seed alone decides who is first, and nothing depends on the machine.
 */
export type Scheduler = {
  readonly nowMs: () => number
  readonly born: (id: string) => Life
  readonly kill: (life: Life) => void
  /** Begins a piece of work of a process. What it throws is its own affair. */
  readonly start: (life: Life, work: () => Promise<unknown>) => void
  /** Waits for its turn, then has the effect. Never comes back to a process that has died. */
  readonly enter: <Result>(
    life: Life,
    name: string,
    effect: () => Result | Promise<Result>,
  ) => Promise<Result>
  readonly sleep: (life: Life, durationMs: number, signal?: AbortSignal) => Promise<void>
  /** Gives turns until nobody is ready, or so many were given. */
  readonly run: (turns?: number) => Promise<void>
  /** Lets time pass, giving turns to whoever wakes. */
  readonly pass: (durationMs: number) => Promise<void>
}

const never = <Result>() => new Promise<Result>(() => {})

export function createScheduler({
  beginMs,
  random,
  onBoundary,
  onTime,
}: {
  beginMs: number
  random: Random
  onBoundary: Boundary
  /** Told of every moment that is reached. */
  onTime: (nowMs: number) => void
}): Scheduler {
  let nowMs = beginMs
  let ready: Ready[] = []
  let sleepers: Sleeper[] = []
  /** Pieces of work, of all that live, that do not wait for the world. */
  let running = 0
  /** Turns that may be given yet before the driver goes on. */
  let turnsLeft = 0
  let quiet: (() => void) | undefined

  /** When all that live wait for the world, whoever gives turns may give the next. */
  function change(life: Life, by: 1 | -1): void {
    if (!life.isAlive) return
    life.running += by
    running += by
    settle()
  }

  function settle(): void {
    if (running > 0) return
    const tell = quiet
    quiet = undefined
    tell?.()
  }

  const kill = (life: Life): void => {
    if (!life.isAlive) return
    life.isAlive = false
    running -= life.running
    ready = ready.filter((one) => one.life !== life)
    sleepers = sleepers.filter((one) => one.life !== life)
    settle()
  }

  const wait = (life: Life, list: (go: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      list(() => {
        change(life, 1)
        resolve()
      })
      change(life, -1)
    })

  /** Nobody else could have this turn: it is taken at once, which is faster than to wait for it. */
  function isAlone(): boolean {
    if (running !== 1 || ready.length > 0 || turnsLeft <= 0) return false
    turnsLeft -= 1
    return true
  }

  async function enter<Result>(
    life: Life,
    name: string,
    effect: () => Result | Promise<Result>,
  ): Promise<Result> {
    if (!life.isAlive) return never()
    if (!isAlone()) await wait(life, (go) => ready.push({ life, go }))
    onBoundary({ life, name, side: 'before' })
    if (!life.isAlive) return never()
    const result = await effect()
    onBoundary({ life, name, side: 'after' })
    return life.isAlive ? result : never()
  }

  async function sleep(life: Life, durationMs: number, signal?: AbortSignal): Promise<void> {
    if (!life.isAlive) return never()
    if (signal?.aborted) return undefined
    const atMs = nowMs + Math.max(1, durationMs)
    await wait(life, (go) => {
      const wake = () => {
        if (!sleepers.includes(sleeper)) return
        sleepers = sleepers.filter((one) => one !== sleeper)
        go()
      }
      const sleeper: Sleeper = { life, atMs, wake }
      sleepers.push(sleeper)
      signal?.addEventListener('abort', wake, { once: true })
    })
    return life.isAlive ? undefined : never()
  }

  /** Runs what a turn sets going, until everybody waits again. */
  const give = (go: () => void): Promise<void> =>
    new Promise((resolve) => {
      quiet = resolve
      go()
    })

  async function run(turns = Infinity): Promise<void> {
    turnsLeft = turns
    while (turnsLeft > 0 && ready.length > 0) {
      turnsLeft -= 1
      const index = ready.length === 1 ? 0 : random.integer(0, ready.length - 1)
      const [next] = ready.splice(index, 1)
      if (next) await give(next.go)
    }
    turnsLeft = 0
  }

  async function pass(durationMs: number): Promise<void> {
    const untilMs = nowMs + durationMs
    for (;;) {
      await run()
      let first: Sleeper | undefined
      for (const sleeper of sleepers) if (!first || sleeper.atMs < first.atMs) first = sleeper
      const atMs = first && first.atMs <= untilMs ? first.atMs : untilMs
      if (atMs > nowMs) {
        nowMs = atMs
        onTime(nowMs)
      }
      if (!first || first.atMs > untilMs) return
      turnsLeft = Infinity
      await give(first.wake)
    }
  }

  return {
    nowMs: () => nowMs,
    born: (id) => ({ id, isAlive: true, running: 0 }),
    kill,
    start(life, work) {
      if (!life.isAlive) return
      const end = () => change(life, -1)
      // Its first step is a turn like any other: whoever starts it goes on first.
      ready.push({
        life,
        go: () => {
          change(life, 1)
          work().then(end, end)
        },
      })
    },
    enter,
    sleep,
    run,
    pass,
  }
}
