import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEV_CHAIN_ID } from './addresses.ts'

/** A running anvil. `close` waits until its state is written and its port is free. */
export type AnvilProcess = { rpcUrl: string; port: number; pid: number; close: () => Promise<void> }

type StartOptions = {
  port: number
  statePath?: string | undefined
  blockTimeSeconds?: number | undefined
}

type Watchdog = ChildProcessByStdio<Writable, Readable, Readable>

const HOST = '127.0.0.1'
const READY_WITHIN_MS = 20_000
const CLOSED_WITHIN_MS = 6_000
/** Every block has room for at least this much gas. */
const GAS_LIMIT = 60_000_000
const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/** The native binary: npm's wrapper script would survive as a second process between us and anvil. */
function anvilPath(): string {
  const require = createRequire(import.meta.url)
  const wrapper = createRequire(require.resolve('@foundry-rs/anvil/package.json'))
  const name = `@foundry-rs/anvil-${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`
  const file = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
  try {
    return join(dirname(wrapper.resolve(`${name}/package.json`)), 'bin', file)
  } catch (error) {
    throw new Error(`The dev chain needs ${name}: run npm install with optional packages.`, { cause: error })
  }
}

/** Asks the kernel for a port (0 = any), so that a port in use is an error now and not a talk with a stranger's chain. */
async function reservePort(port: number): Promise<number> {
  const server = createServer()
  server.listen(port, HOST)
  await once(server, 'listening').catch(() => {
    throw new Error(
      `Port ${port} is in use: stop what listens there, or choose another port for the dev chain.`,
    )
  })
  const chosen = (server.address() as AddressInfo).port
  server.close()
  await once(server, 'close')
  return chosen
}

function argsOf(options: StartOptions): string[] {
  const { port, statePath, blockTimeSeconds } = options
  const args = ['--host', HOST, '--port', `${port}`, '--chain-id', `${DEV_CHAIN_ID}`]
  args.push('--silent', '--accounts', '1')
  // Two chains born in the same second would share a genesis hash, by which a ledger knows its chain. The gas limit is
  // part of that hash, and no harm comes of a little more.
  args.push('--gas-limit', `${GAS_LIMIT + randomInt(1_000_000)}`)
  if (blockTimeSeconds !== undefined) args.push('--block-time', `${blockTimeSeconds}`)
  if (statePath !== undefined) {
    // Without the folder anvil would run and silently keep nothing.
    mkdirSync(dirname(statePath), { recursive: true })
    args.push('--state', statePath, '--state-interval', '1')
  }
  args.push('--cache-path', freshCache(statePath))
  return args
}

/**
 * Where anvil puts the states of old blocks, tens of megabytes an hour. It removes them when it ends, not when it is
 * killed; its own choice is a folder in the home directory that nobody empties.
 */
function freshCache(statePath: string | undefined): string {
  if (statePath === undefined) return join(tmpdir(), 'turnpike-anvil')
  const cache = `${statePath}.cache`
  rmSync(cache, { recursive: true, force: true })
  return cache
}

/**
 * Starts anvil on the loopback interface. It dies with this process, however this process ends.
 *
 * @param options.port 0 for any free port.
 * @param options.statePath a file that keeps the chain: read at the start, written every second and at the end.
 * @param options.blockTimeSeconds a block every so many seconds; without it each transaction is mined at once.
 * @throws Error where the port is in use or anvil does not come up, with anvil's own words.
 */
export async function startAnvil(options: StartOptions): Promise<AnvilProcess> {
  const port = await reservePort(options.port)
  const args = argsOf({ ...options, port })
  // A group of its own, so that Ctrl-C in a terminal reaches us first and the chain last.
  const watchdog = spawn(
    process.execPath,
    [join(import.meta.dirname, 'anvil-watchdog.ts'), anvilPath(), ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    },
  )
  let complaint = ''
  watchdog.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const exited = once(watchdog, 'exit')
  const rpcUrl = `http://${HOST}:${port}`
  try {
    const pid = await readPid(watchdog, exited)
    await untilReady({ rpcUrl, watchdog })
    leaveUnwatched(watchdog, pid)
    return { rpcUrl, port, pid, close: () => closeWatchdog({ watchdog, exited, pid }) }
  } catch (error) {
    watchdog.stdin.end()
    throw new Error(`The dev chain did not start: ${complaint.trim() || String(error)}`, { cause: error })
  }
}

async function readPid(watchdog: Watchdog, exited: Promise<unknown>): Promise<number> {
  const ended = exited.then(() => Promise.reject(new Error('its watchdog ended at once')))
  const [line] = (await Promise.race([once(watchdog.stdout, 'data'), ended])) as [Buffer]
  const pid = Number(line.toString().trim())
  // Zero would mean our own process group to whoever kills it.
  if (!(pid > 0)) throw new Error('anvil could not be run')
  return pid
}

async function untilReady(options: { rpcUrl: string; watchdog: Watchdog }): Promise<void> {
  const { rpcUrl, watchdog } = options
  const deadline = performance.now() + READY_WITHIN_MS
  while (performance.now() < deadline) {
    if (watchdog.exitCode !== null) throw new Error(`anvil ended with code ${watchdog.exitCode}`)
    if ((await askChainId(rpcUrl)) === DEV_CHAIN_ID) return
    await sleep(20)
  }
  throw new Error(`no answer within ${READY_WITHIN_MS / 1000} s`)
}

async function askChainId(rpcUrl: string): Promise<number | undefined> {
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }),
    })
    return Number(((await response.json()) as { result: string }).result)
  } catch {
    return undefined
  }
}

/** A chain that runs is no reason for its parent to stay; and a watchdog that is killed must not leave anvil behind. */
function leaveUnwatched(watchdog: Watchdog, pid: number): void {
  watchdog.once('exit', () => kill(pid))
  watchdog.unref()
  for (const stream of [watchdog.stdin, watchdog.stdout, watchdog.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
}

async function closeWatchdog(options: {
  watchdog: Watchdog
  exited: Promise<unknown>
  pid: number
}): Promise<void> {
  const { watchdog, exited, pid } = options
  if (watchdog.exitCode !== null || watchdog.signalCode !== null) return
  watchdog.ref()
  watchdog.stdin.end()
  const late = setTimeout(() => kill(pid), CLOSED_WITHIN_MS)
  await exited
  clearTimeout(late)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already, which is what was wanted.
  }
}
