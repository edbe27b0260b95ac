import { spawn } from 'node:child_process'

/**
 * Runs anvil and outlives its parent by just long enough to stop it.
 *
 * A parent that is killed with SIGKILL cannot clean up, but the kernel closes its end of our standard input; that is the
 * signal. Arguments: the path of anvil, then anvil's own. Prints anvil's process id.
 */
const STOP_WITHIN_MS = 4_000
const [path = '', ...args] = process.argv.slice(2)

const anvil = spawn(path, args, { stdio: ['ignore', 'ignore', 'inherit'] })
anvil.once('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
anvil.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 0 : 1)))

/** SIGINT lets anvil write its state; an anvil that does not listen is killed. */
function stop() {
  anvil.kill('SIGINT')
  setTimeout(() => anvil.kill('SIGKILL'), STOP_WITHIN_MS).unref()
}

process.stdin.once('end', stop).once('error', stop).resume()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
process.stdout.once('error', stop).write(`${anvil.pid ?? 0}\n`)
