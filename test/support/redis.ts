import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from './wait-until.ts'

const isInstalled = spawnSync('redis-server', ['--version']).status === 0

/** False: tests that need a server are to be skipped, saying why. In CI a missing server is a failure. */
export const hasRedis = isInstalled || process.env['CI'] === 'true'
export const MISSING_REDIS = 'needs a Redis server: apt-get install redis-server'

export type RedisServer = {
  readonly url: string
  readonly directory: string
  /** Stops it from answering, with its connections open. */
  readonly freeze: () => void
  /** Ends the server at once, as a crash would. */
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    const end = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGKILL')
  await ended
}

/**
 * Starts a Redis server of its own on 127.0.0.1.
 *
 * @param port absent: any free one.
 * @param keepsData writes every change to its folder, as text; otherwise it keeps nothing on disk.
 */
export async function startRedis({
  port: wanted,
  keepsData = false,
}: { port?: number; keepsData?: boolean } = {}): Promise<RedisServer> {
  if (!isInstalled) throw new Error(MISSING_REDIS)
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-redis-'))
  const port = wanted ?? (await freePort())
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--rdbcompression', 'no']
  const appending = ['--appendonly', keepsData ? 'yes' : 'no']
  const server = spawn('redis-server', [...settings, ...appending, '--dir', directory], { stdio: 'ignore' })
  await waitUntil({ what: 'Redis answers', isSo: () => answers(port) })
  return {
    url: `redis://127.0.0.1:${port}`,
    directory,
    freeze: () => void server.kill('SIGSTOP'),
    kill: () => end(server),
    stop: async () => {
      await end(server)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
