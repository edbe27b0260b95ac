import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of the bench that answers questions over Node's own channel. */
export type Child<Ready> = {
  readonly pid: number
  readonly ready: Ready
  readonly ask: <Result>(kind: string, value?: unknown) => Promise<Result>
  readonly stop: () => Promise<void>
}

type Reply = {
  readonly ready?: unknown
  readonly id?: number
  readonly result?: unknown
  readonly error?: string
}

/** Starts a file beside this one; its log goes nowhere, as a server's log goes to a file. */
export async function startChild<Ready>(file: string): Promise<Child<Ready>> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child: ChildProcess = fork(path, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const waiting = new Map<number, (reply: Reply) => void>()
  let asked = 0
  const ready = new Promise<Ready>((resolve, reject) => {
    child.on('message', (reply: Reply) => {
      if (reply.ready !== undefined) return resolve(reply.ready as Ready)
      if (reply.id !== undefined) waiting.get(reply.id)?.(reply)
      return undefined
    })
    child.once('exit', (code) => {
      reject(new Error(`${file} ended with code ${code}.`))
      for (const settle of waiting.values()) settle({ error: `${file} ended with code ${code}.` })
    })
  })
  const ask = <Result>(kind: string, value?: unknown) =>
    new Promise<Result>((resolve, reject) => {
      if (!child.connected) {
        reject(new Error(`${file} is gone.`))
        return
      }
      const id = (asked += 1)
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error === undefined) resolve(result as Result)
        else reject(new Error(error))
      })
      child.send({ id, kind, value })
    })
  return {
    pid: child.pid ?? 0,
    ready: await ready,
    ask,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
