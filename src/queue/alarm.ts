/**
 * The alarm clock of the settlement: says "look", never what. Everything that is due is found in the database, so an alarm
 * that is lost, doubled or late changes only the latency.
 */
export type Alarm = {
  /** Something may be due: look soon. */
  readonly wake: () => void
  readonly close: () => Promise<void>
}

export type Look = () => Promise<void>

/**
 * The alarm of a single process: looks when woken, and every `intervalMs` anyway. Never two looks at once; a wake during one
 * makes another follow.
 */
export function createTimerAlarm({ look, intervalMs }: { look: Look; intervalMs: number }): Alarm {
  let running: Promise<void> | undefined
  let again = false
  let closed = false

  const shouldLookAgain = () => again && !closed

  async function run(): Promise<void> {
    do {
      again = false
      await look()
    } while (shouldLookAgain())
  }

  function wake(): void {
    if (closed) return
    if (running) {
      again = true
      return
    }
    running = run().finally(() => {
      running = undefined
    })
  }

  const timer = setInterval(wake, intervalMs)
  return {
    wake,
    async close() {
      closed = true
      clearInterval(timer)
      await running
    },
  }
}
