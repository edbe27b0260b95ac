import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '../../support/wait-until.ts'
import type { Edit } from '../mutant-hooks.ts'
import { type Child, startChild } from './start-child.ts'
import type { Armed, ServerStart } from './server-start.ts'

const PATH = fileURLToPath(new URL('server-process.ts', import.meta.url))
/** A start may find the chain killed, too: it is tried again, as a supervisor would. */
const START_PAUSE_MS = 100
const UP_MS = 30_000

/** One server of the service that comes back on the same port after each kill, as under a supervisor. */
export type ServerSlot = {
  readonly url: string
  /** Resolves when a server listens; rejects where none comes. */
  readonly untilUp: () => Promise<void>
  readonly arm: (armed: Armed) => Promise<void>
  readonly disarm: () => Promise<void>
  /** Resolves when the death has been noticed. */
  readonly kill: () => Promise<void>
  readonly deaths: () => number
  /** When each of them happened, on this process's own clock. */
  readonly deathTimes: () => readonly number[]
  readonly ask: <Result>(kind: string) => Promise<Result>
  /** Ends the server in good order, and starts no other. */
  readonly close: () => Promise<void>
}

/**
 * @param onDeath runs between a death and the next start. @param edits bugs that are planted in every process of this slot.
 */
export async function openServerSlot({
  start,
  log,
  edits = [],
  hasSpare = false,
  upWithinMs = UP_MS,
  onDeath = async () => undefined,
}: {
  start: ServerStart
  log: string
  edits?: readonly Edit[]
  hasSpare?: boolean
  upWithinMs?: number
  onDeath?: () => Promise<void>
}): Promise<ServerSlot> {
  const spawnOne = () => startChild<unknown>({ path: PATH, log, edits })
  const deathTimes: number[] = []
  let isClosing = false
  let current: Child<unknown> | undefined
  /** The next one, until it listens. */
  let starting: Child<unknown> | undefined
  // The next process has read its sources before it is needed: what a restart costs here is what the product needs.
  let spare: Promise<Child<unknown>> | undefined

  async function bringUp(): Promise<void> {
    const child = await (spare ?? spawnOne())
    starting = child
    spare = hasSpare && !isClosing ? spawnOne() : undefined
    spare?.catch(() => undefined)
    await startPatiently({ child, start, withinMs: upWithinMs })
    starting = undefined
    current = child
    void child.ended.then(() => {
      if (current === child) current = undefined
      return isClosing ? undefined : recover()
    })
  }

  async function recover(): Promise<void> {
    deathTimes.push(performance.now())
    await onDeath().catch(() => undefined)
    if (isClosing) return
    await bringUp().catch((error: unknown) => {
      if (!isClosing) process.stderr.write(`The server does not come back: ${String(error)}\n`)
    })
  }

  const untilUp = () =>
    waitUntil({ what: 'a server is up', isSo: () => current !== undefined, timeoutMs: upWithinMs })

  /** A server that is killed between the question and its answer is asked again once it is back. */
  async function ask<Result>(kind: string, value?: unknown): Promise<Result> {
    await untilUp()
    const child = current
    if (!child) return ask(kind, value)
    return child.ask<Result>(kind, value)
  }

  await bringUp()
  return {
    url: `http://127.0.0.1:${start.port}`,
    untilUp,
    arm: (armed) => ask('arm', armed),
    disarm: () => ask('disarm'),
    async kill() {
      const child = current
      child?.kill()
      await waitUntil({ what: 'the server is dead', isSo: () => !child || current !== child })
    },
    deaths: () => deathTimes.length,
    deathTimes: () => deathTimes,
    ask: (kind) => ask(kind),
    async close() {
      isClosing = true
      await starting?.stop()
      await current?.ask('close').catch(() => undefined)
      await current?.stop()
      await (await spare?.catch(() => undefined))?.stop()
    },
  }
}

async function startPatiently({
  child,
  start,
  withinMs,
}: {
  child: Child<unknown>
  start: ServerStart
  withinMs: number
}): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    try {
      await child.ask('start', start)
      return
    } catch (error) {
      if (performance.now() > deadlineMs || String(error).includes('ended (')) throw error
      await sleep(START_PAUSE_MS)
    }
  }
}
