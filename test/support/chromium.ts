import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasChromium = spawnSync('chromium', ['--version']).status === 0

const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
const tell = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) })
addEventListener('unhandledrejection', ({ reason }) => tell({ error: String(reason?.stack ?? reason) }))
addEventListener('error', ({ message }) => tell({ error: message }))
try {
  const { run } = await import('/page.js')
  await tell({ value: await run(JSON.parse(decodeURIComponent(location.hash.slice(1)))) })
} catch (error) {
  await tell({ error: String(error?.stack ?? error) })
}
</script>`

/**
 * Loads a module into a static page in headless Chromium, runs its export `run`, and gives back what it resolves to.
 *
 * @param options.files scripts of the page by their paths; `/page.js` has the export `run`.
 * @param options.input JSON for `run`.
 */
export async function runInChromium<Result>(options: {
  files: Readonly<Record<string, string>>
  input: unknown
  timeoutMs: number
}): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (path === '/result') {
      let text = ''
      request.on('data', (chunk: Buffer) => (text += chunk.toString()))
      request.on('end', () => {
        response.end()
        const { value, error } = JSON.parse(text) as { value: Result; error?: string }
        if (error === undefined) resolve(value)
        else reject(new Error(`in the page: ${error}`))
      })
      return
    }
    const script = options.files[path]
    response.writeHead(script === undefined && path !== '/' ? 404 : 200, {
      'content-type': script === undefined ? 'text/html' : 'text/javascript',
    })
    response.end(script ?? PAGE)
  })
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
  ]
  const url = `http://127.0.0.1:${port}/#${encodeURIComponent(JSON.stringify(options.input))}`
  const browser = spawn(
    'chromium',
    [
      ...flags,
      '--disable-background-networking',
      '--disable-component-update',
      `--user-data-dir=${profile}`,
      url,
    ],
    { stdio: 'ignore', detached: true },
  )
  const ended = new Promise<void>((done) => {
    browser.once('exit', () => done())
  })
  const timer = setTimeout(() => reject(new Error('Chromium told nothing in time.')), options.timeoutMs)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    // The whole group: a browser is many processes.
    if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL')
    await ended
    server.closeAllConnections()
    server.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}
