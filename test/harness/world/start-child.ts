import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Edit } from '../mutant-hooks.ts'

/** A process of the harness that answers questions over Node's own channel, and can be killed at any moment. */
export type Child<Ready> = {
  readonly pid: number
  readonly ready: Ready
  /** Rejects where the process ends before it has answered. */
  readonly ask: <Result>(kind: string, value?: unknown) => Promise<Result>
  readonly kill: () => void
  /** Resolves when the process is gone, however it ended. */
  readonly ended: Promise<void>
  readonly stop: () => Promise<void>
}

type Reply = {
  readonly ready?: unknown
  readonly id?: number
  readonly result?: unknown
  readonly error?: string
}

type Waiting = Map<number, (reply: Reply) => void>

const STOP_MS = 8_000
const CACHE = join(import.meta.dirname, '../../../node_modules/.cache/node')

type Program = { readonly path: string; readonly log: string; readonly edits: readonly Edit[] }

function forkInto({ path, log, edits }: Program) {
  const output = openSync(log, 'a')
  const mutant = edits.length > 0 ? ['--import', join(import.meta.dirname, 'plant-mutant.ts')] : []
  const child = fork(path, {
    stdio: ['ignore', output, output, 'ipc'],
    execArgv: mutant,
    // Most of a start is reading the sources; the second process finds them compiled.
    env: { ...process.env, NODE_COMPILE_CACHE: CACHE, HARNESS_EDITS: JSON.stringify(edits) },
  })
  closeSync(output)
  return child
}

/**
 * Starts a file as a process of its own.
 *
 * @param log the file that takes what it prints. @param edits bugs that are planted in it.
 */
export async function startChild<Ready>({
  path,
  log,
  edits = [],
}: {
  path: string
  log: string
  edits?: readonly Edit[]
}): Promise<Child<Ready>> {
  const child = forkInto({ path, log, edits })
  const waiting: Waiting = new Map()
  const ended = once(child, 'exit').then(() => undefined)
  const ready = await untilReady<Ready>({ child, waiting, path })
  let asked = 0
  const ask = <Result>(kind: string, value?: unknown) =>
    new Promise<Result>((resolve, reject) => {
      if (!child.connected) return reject(new Error(`${path} is gone.`))
      const id = (asked += 1)
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error === undefined) resolve(result as Result)
        else reject(new Error(error))
      })
      child.send({ id, kind, value }, (error) => error && waiting.get(id)?.({ error: error.message }))
      return undefined
    })
  return {
    pid: child.pid ?? 0,
    ready,
    ask,
    kill: () => void child.kill('SIGKILL'),
    ended,
    stop: () => stop({ child, ended }),
  }
}

function untilReady<Ready>({
  child,
  waiting,
  path,
}: {
  child: ChildProcess
  waiting: Waiting
  path: string
}): Promise<Ready> {
  return new Promise<Ready>((resolve, reject) => {
    child.on('message', (reply: Reply) => {
      if (reply.ready !== undefined) return resolve(reply.ready as Ready)
      if (reply.id !== undefined) waiting.get(reply.id)?.(reply)
      return undefined
    })
    child.once('exit', (code, signal) => {
      const error = `${path} ended (${code ?? signal}).`
      reject(new Error(error))
      for (const settle of waiting.values()) settle({ error })
    })
  })
}

/** The process ends itself when the channel closes; one that does not is killed. */
async function stop({ child, ended }: { child: ChildProcess; ended: Promise<void> }): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  if (child.connected) child.disconnect()
  await ended
  clearTimeout(late)
}
