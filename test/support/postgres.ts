import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'

const VERSIONS = '/usr/lib/postgresql'

/** The newest server that the Debian or Ubuntu packages brought; undefined where there is none. */
function findBinaries(): string | undefined {
  if (!existsSync(VERSIONS)) return undefined
  const versions = readdirSync(VERSIONS).filter((name) => existsSync(join(VERSIONS, name, 'bin', 'initdb')))
  const [newest] = versions.sort((a, b) => Number(b) - Number(a))
  return newest === undefined ? undefined : join(VERSIONS, newest, 'bin')
}

const binaries = findBinaries()

/** False: tests that need a server are to be skipped, saying why. In CI a missing server is a failure. */
export const hasPostgres = binaries !== undefined || process.env['CI'] === 'true'
export const MISSING_POSTGRES = 'needs a Postgres server: apt-get install postgresql'

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/** The server refuses to run as root; the package made a user for it. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres']).stdout.toString())
  return { uid: id('-u'), gid: id('-g') }
}

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if (server.exitCode !== null) throw new Error(`The Postgres server ended with code ${server.exitCode}.`)
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      await client.end()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error('The Postgres server did not start.')
}

export type PostgresServer = {
  readonly url: string
  /** Makes an empty database and gives its URL: one server serves all tests of a file. */
  readonly createDatabase: () => Promise<string>
  readonly pid: number
  /** Ends every session but one's own, as a failing network would. */
  readonly dropSessions: () => Promise<void>
  /** Stops every process of the server where it is: connections stay, and nothing answers. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** Ends the server as an operator does who restarts it, and keeps the data. */
  readonly halt: () => Promise<void>
  /** The same data on the same port again. */
  readonly restart: () => Promise<void>
  /** Where the data is; on the disk that was asked for. */
  readonly directory: string
  readonly stop: () => Promise<void>
}

/** Whether this user may make a small disk of memory, for tests of a full one. */
export const canMount = (() => {
  const probe = mkdtempSync(join(tmpdir(), 'turnpike-mount-'))
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe]).status === 0
  if (isMounted) spawnSync('umount', [probe])
  rmSync(probe, { recursive: true, force: true })
  return isMounted
})()

/** A disk of so many megabytes in a directory that exists; `release` takes it away. */
export function mountSmallDisk({ directory, megabytes }: { directory: string; megabytes: number }) {
  const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', directory]
  const made = spawnSync('mount', options)
  if (made.status !== 0) throw new Error(`mount failed: ${made.stderr.toString()}`)
  return { release: () => void spawnSync('umount', [directory]) }
}

/** The processes that a process has started. */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number).filter(Boolean)

/** A child of the server may end between the look at the list and the signal. */
function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/**
 * Starts a Postgres server of its own in a temporary directory, on a free port of 127.0.0.1.
 *
 * @param megabytes the size of its disk; absent: the machine's own.
 * @param fsync only for tests about durability: it slows everything else down.
 * @param keepsLog writes the server's log beside its data.
 */
export async function startPostgres({
  fsync = false,
  megabytes,
  keepsLog = false,
}: { fsync?: boolean; megabytes?: number; keepsLog?: boolean } = {}): Promise<PostgresServer> {
  if (binaries === undefined) throw new Error(MISSING_POSTGRES)
  const user = serverUser()
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-postgres-'))
  const disk = megabytes === undefined ? undefined : mountSmallDisk({ directory, megabytes })
  if (user) chownSync(directory, user.uid, user.gid)
  const as = user ?? {}
  const data = join(directory, 'data')
  const made = spawnSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'],
    { ...as, cwd: directory },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`)
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${directory}`]
  if (!fsync) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off')
  if (disk) settings.push('min_wal_size=32MB', 'max_wal_size=64MB', 'shared_buffers=16MB')
  const log = keepsLog ? openSync(join(directory, 'server.log'), 'w') : 'ignore'
  const program = join(binaries, 'postgres')
  const run = () =>
    spawn(program, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
      ...as,
      cwd: directory,
      stdio: ['ignore', log, log],
    })
  let server = run()
  const urlOf = (database: string) => `postgres://postgres@127.0.0.1:${port}/${database}`
  await untilReady(urlOf('postgres'), server)
  const admin = async (sql: string) => {
    const client = new Client({ connectionString: urlOf('postgres') })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  const signalAll = (signal: NodeJS.Signals) => {
    const { pid } = server
    if (pid === undefined || server.exitCode !== null) return
    // Itself first: what stands still starts no child that the list would lack.
    signalIfThere(pid, signal)
    for (const one of childrenOf(pid)) signalIfThere(one, signal)
  }
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill(signal)
    await ended
  }
  let databases = 0
  return {
    url: urlOf('postgres'),
    get pid() {
      return server.pid ?? 0
    },
    createDatabase: async () => {
      databases += 1
      const name = `test_${databases}`
      await admin(`create database ${name}`)
      return urlOf(name)
    },
    dropSessions: () =>
      admin(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where pid <> pg_backend_pid() and backend_type = 'client backend'`,
      ),
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    // SIGINT is the fast shutdown: sessions are ended, the data is kept.
    halt: () => end('SIGINT'),
    restart: async () => {
      server = run()
      await untilReady(urlOf('postgres'), server)
    },
    directory,
    stop: async () => {
      signalAll('SIGCONT')
      // SIGQUIT is the server's immediate shutdown: nothing in it is worth saving.
      await end('SIGQUIT')
      disk?.release()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
