import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

export const ROOT = resolve(import.meta.dirname, '../../..')

/** The ready line of `npm run dev`. */
export type Ready = {
  readonly url: string
  readonly usdt: `0x${string}`
  readonly payerPrivateKey: `0x${string}`
}

/** `turnpike dev` on free ports with a data folder of its own. */
export async function startDevStack(): Promise<{ ready: Ready; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-client-'))
  const child = spawn(process.execPath, [join(ROOT, 'src/main.ts'), 'dev'], {
    cwd: folder,
    env: {
      ...process.env,
      PORT: '0',
      TURNPIKE_DATA_DIR: join(folder, 'data'),
      DATABASE_URL: '',
      REDIS_URL: '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const exited = new Promise<void>((done) => {
    child.once('exit', () => done())
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true, force: true })
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { event: string }
    if (event.event === 'ready') return { ready: event as unknown as Ready, stop }
  }
  await stop()
  throw new Error(`turnpike dev did not become ready:\n${complaints}`)
}
