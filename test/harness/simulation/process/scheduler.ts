import type { Random } from '../random.ts'

/** One life of one server process. What it knows and has not stored ends with it. */
export type Life = { readonly id: string; isAlive: boolean }

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

/**
 * Until nobody can go on without a turn: Node runs ticks when no promise is left to continue. Nothing in a simulated world waits
 * for anything but promises.
 */
const standstill = () =>
  new Promise<void>((resolve) => {
    process.nextTick(resolve)
  })

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
  /** Turns that may be given yet before the driver goes on. */
  let turnsLeft = 0

  /** Where nobody else waits for a turn it is taken at once, which is faster than to wait for it. */
  function isFree(): boolean {
    if (ready.length > 0 || turnsLeft <= 0) return false
    turnsLeft -= 1
    return true
  }

  async function enter<Result>(
    life: Life,
    name: string,
    effect: () => Result | Promise<Result>,
  ): Promise<Result> {
    if (!life.isAlive) return never()
    if (!isFree()) await new Promise<void>((go) => ready.push({ life, go }))
    onBoundary({ life, name, side: 'before' })
    if (!life.isAlive) return never()
    const result = await effect()
    onBoundary({ life, name, side: 'after' })
    return life.isAlive ? result : never()
  }

  async function sleep(life: Life, durationMs: number, signal?: AbortSignal): Promise<void> {
    if (!life.isAlive) return never()
    if (signal?.aborted) return undefined
    await new Promise<void>((go) => {
      const wake = () => {
        sleepers = sleepers.filter((one) => one !== sleeper)
        go()
      }
      const sleeper: Sleeper = { life, atMs: nowMs + Math.max(1, durationMs), wake }
      sleepers.push(sleeper)
      signal?.addEventListener('abort', wake, { once: true })
    })
    return life.isAlive ? undefined : never()
  }

  async function run(turns = Infinity): Promise<void> {
    turnsLeft = turns
    while (turnsLeft > 0 && ready.length > 0) {
      turnsLeft -= 1
      const index = ready.length === 1 ? 0 : random.integer(0, ready.length - 1)
      const [next] = ready.splice(index, 1)
      next?.go()
      await standstill()
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
      first.wake()
      await standstill()
    }
  }

  return {
    nowMs: () => nowMs,
    born: (id) => ({ id, isAlive: true }),
    kill(life) {
      life.isAlive = false
      ready = ready.filter((one) => one.life !== life)
      sleepers = sleepers.filter((one) => one.life !== life)
    },
    start(life, work) {
      if (!life.isAlive) return
      // Its first step is a turn like any other: whoever starts it goes on first.
      ready.push({ life, go: () => void work().catch(() => undefined) })
    },
    enter,
    sleep,
    run,
    pass,
  }
}
