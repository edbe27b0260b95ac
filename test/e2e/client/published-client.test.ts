import { execFile } from 'node:child_process'
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasChromium, runInChromium } from '../../support/chromium.ts'
import { ROOT, startDevStack } from './dev-stack.ts'
import { installClient } from './package.ts'

/** The packed client, where nothing else of this repository is: in a fresh folder, and in a browser. */
let stack: Awaited<ReturnType<typeof startDevStack>>
let client: Awaited<ReturnType<typeof installClient>>
let beganMs = 0
/** What docs/AGENTS.md promises, from an empty folder on. */
const PROMISED_MS = 180_000

beforeAll(async () => {
  beganMs = performance.now()
  ;[stack, client] = await Promise.all([startDevStack(), installClient()])
})
afterAll(async () => {
  client.remove()
  await stack.stop()
})

const run = promisify(execFile)

test('the archive has the doors, their types, a page and a licence, and nothing of the server', () => {
  const home = join(client.folder, 'node_modules/@turnpike/client')
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' })
  for (const name of ['index.js', 'file-store.js', 'types/client/index.d.ts', 'README.md', 'LICENSE'])
    expect(files).toContain(name)
  const rooms = readdirSync(join(home, 'types'))
  expect(rooms.toSorted()).toEqual(['client', 'lib', 'payment'])
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Record<string, unknown>
  expect(manifest).toMatchObject({ name: '@turnpike/client', type: 'module', sideEffects: false })
  expect(Object.keys(manifest['peerDependencies'] as object)).toEqual(['viem'])
  expect(manifest).not.toHaveProperty('dependencies')
})

test.each([
  ['Node', process.execPath, []],
  // Its own script, which is not run here, would put it behind `bun`.
  ['Bun', join(ROOT, globSync('node_modules/@oven/*/bin/bun', { cwd: ROOT })[0] ?? 'no Bun'), []],
  ['Deno', join(ROOT, 'node_modules/.bin/deno'), ['run', '--allow-env', '--allow-net=127.0.0.1']],
] as const)(
  'ten lines pay for a stream in a fresh folder, exactly as they are written, in %s',
  async (_name, program, flags) => {
    const markdown = readFileSync(join(ROOT, 'docs/examples/client.md'), 'utf8')
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(markdown) ?? []
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(10)
    writeFileSync(join(client.folder, 'pay.mjs'), code)
    const { url, payerPrivateKey } = stack.ready
    const { stdout } = await run(program, [...flags, 'pay.mjs'], {
      cwd: client.folder,
      env: {
        PATH: process.env['PATH'],
        HOME: client.folder,
        TURNPIKE_URL: url,
        WALLET_KEY: payerPrivateKey,
      },
    })
    expect(stdout).toContain('data: [DONE]')
    expect(Number(/spent \$([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThan(0)
    expect(performance.now() - beganMs).toBeLessThan(PROMISED_MS)
  },
)

test('its types compile in a project of its own, with the file store', async () => {
  const code = `
    import { payingFetch, usdtAsset, type SpendLimits } from '@turnpike/client'
    import { fileStore } from '@turnpike/client/file-store'
    import { privateKeyToAccount } from 'viem/accounts'
    import { createWalletClient, http, publicActions } from 'viem'
    import { base } from 'viem/chains'
    const limits: SpendLimits = { maxPerHourUsd: '1', maxInChannelsUsd: 3 }
    const account = privateKeyToAccount('0x')
    const client = createWalletClient({ account, chain: base, transport: http() }).extend(publicActions)
    const usdt = usdtAsset({ network: 'eip155:8453', address: '0x', decimals: 6 })
    const pay = payingFetch(account, { ...limits, assets: [usdt], approvals: { client }, store: fileStore('x') })
    export const order = pay.startWithdrawal({ channelId: '0x', client })
    // @ts-expect-error A limit that does not exist.
    payingFetch(account, { maxPerYearUsd: 1 })`
  writeFileSync(join(client.folder, 'typed.ts'), code)
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck']
  const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node']
  await run(join(ROOT, 'node_modules/.bin/tsc'), [...flags, ...types, 'typed.ts'], { cwd: client.folder })
})

/** A script for a page, with all that it imports, as a bundler of a web project would make it. */
async function bundlePage({ code, folder }: { code: string; folder: string }): Promise<string> {
  const input = join(folder, `page-${code.length}.mts`)
  writeFileSync(input, code)
  const build = await rolldown({ cwd: folder, input, platform: 'browser', tsconfig: false })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  return output[0].code
}

test.skipIf(!hasChromium)(
  'a page in Chromium pays for streams, and another page goes on from its store',
  async () => {
    const code = `
    import { browserStore, payingFetch } from '@turnpike/client'
    import { privateKeyToAccount } from 'viem/accounts'
    export async function run({ url, key }) {
      const store = browserStore()
      const events = []
      const body = JSON.stringify({ model: 'openai/gpt-5', max_tokens: 12, stream: true, messages: [{ role: 'user', content: 'Hello' }] })
      let paid = 0
      const fresh = () => payingFetch(privateKeyToAccount(key), {
        store,
        salt: '0x' + 'b0'.repeat(32),
        onPaid: ({ kind }) => events.push(kind),
        fetch: (input, init) => {
          if (new Headers(init?.headers).has('payment-signature')) paid += 1
          return fetch(input, init)
        },
      })
      const texts = []
      for (const pay of [fresh(), fresh()]) {
        const response = await pay(url + '/v1/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        texts.push(await response.text())
      }
      const [channel] = await fresh().channels()
      return { done: texts.every((text) => text.includes('[DONE]')), paid, events, out: String(channel.outAtomic), charged: String(channel.chargedAtomic), node: typeof process }
    }`
    const { url, payerPrivateKey } = stack.ready
    const page = await bundlePage({ code, folder: client.folder })
    const seen = await runInChromium({
      files: { '/page.js': page },
      input: { url, key: payerPrivateKey },
      timeoutMs: 45_000,
    })
    expect(seen).toMatchObject({
      done: true,
      // No corrective: the second paying fetch knew the channel.
      paid: 2,
      events: ['deposit', 'call', 'call'],
      out: '0',
      charged: expect.stringMatching(/^[1-9]/) as string,
      node: 'undefined',
    })
  },
)

test.skipIf(!hasChromium)(
  'the store of the browser keeps the contract, also between two documents',
  async () => {
    const module = (path: string) => JSON.stringify(join(ROOT, path))
    const code = `
    import { browserStore } from ${module('src/client/browser-store.ts')}
    import { STORE_CASES, storedRecord } from ${module('test/support/channel-store-cases.ts')}
    const count = async ({ name, times }) => {
      const store = browserStore(name)
      const { channelId } = storedRecord(1, 0)
      for (let index = 0; index < times; index += 1)
        await store.update(channelId, (stored) => storedRecord(1, Number(stored?.settled ?? 0) + 1))
    }
    const inFrame = (order) => new Promise((resolve) => {
      const frame = document.createElement('iframe')
      addEventListener('message', ({ data, source }) => data === 'counted' && source === frame.contentWindow && resolve())
      frame.srcdoc = '<script type="module">import { count } from "/page.js"; await count(' + JSON.stringify(order) + '); parent.postMessage("counted", "*")</' + 'script>'
      document.body.append(frame)
    })
    export { count }
    export async function run() {
      const passed = []
      for (const [index, { name, run }] of STORE_CASES.entries()) {
        await run(() => browserStore('case-' + index))
        passed.push(name)
      }
      const order = { name: 'frames', times: 25 }
      await Promise.all([count(order), inFrame(order), inFrame(order)])
      const [record] = await browserStore('frames').list()
      return { passed, settled: record.settled }
    }`
    const page = await bundlePage({ code, folder: client.folder })
    const seen = await runInChromium<{ passed: string[]; settled: string }>({
      files: { '/page.js': page },
      input: null,
      timeoutMs: 45_000,
    })
    expect(seen.passed.length).toBeGreaterThanOrEqual(4)
    expect(seen.settled).toBe('75')
  },
)
