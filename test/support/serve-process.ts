import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export type ServeProcess = {
  readonly url: string
  readonly adminUrl: string
  /** Everything that it has written so far, on both of its outputs. */
  readonly output: () => string
  /** Ends it as a power failure would. */
  readonly kill: () => Promise<void>
  /** Ends it as an operator does. */
  readonly stop: () => Promise<void>
}

/** `turnpike serve` as a process of its own, from an environment and nothing else. */
export async function startServeProcess({
  environment,
}: {
  environment: Readonly<Record<string, string>>
}): Promise<ServeProcess> {
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  })
  let output = ''
  const take = (chunk: Buffer) => {
    output += chunk.toString('latin1')
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const ready = await new Promise<{ url: string; adminUrl: string }>((resolve, reject) => {
    child.stdout.on('data', () => {
      const line = output.split('\n').find((one) => one.startsWith('{"event":"ready"'))
      if (line) resolve(JSON.parse(line) as { url: string; adminUrl: string })
    })
    child.once('exit', () => reject(new Error(`The server ended: ${output}`)))
  })
  return {
    ...ready,
    output: () => output,
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}
