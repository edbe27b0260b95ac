import { createContext, runInContext } from 'node:vm'
import { expect, test } from 'vitest'
import { bundleClient } from '../../../scripts/build-client.ts'
import type { payingFetch } from '../../../src/client/paying-fetch.ts'
import { ask, URL_OF_CALLS } from './fake-server/ask.ts'
import { createFakeServer } from './fake-server/create-fake-server.ts'
import { account, USDC } from './fake-server/terms.ts'

/**
 * Neither Bun nor Deno is installed where these tests run. What can be shown without them: the built client needs nothing but the
 * language and these web standards, which both have, as browsers and workers do.
 */
const WEB_STANDARDS = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'FormData',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TextDecoder',
  'TextEncoder',
  'TransformStream',
  'URL',
  'URLSearchParams',
  'atob',
  'btoa',
  'clearTimeout',
  'crypto',
  'performance',
  'setTimeout',
] as const

type Door = { readonly payingFetch: typeof payingFetch }

/** Runs the main door of the built package where nothing else is. */
async function openInBareRealm(): Promise<Door> {
  const chunks = await bundleClient()
  const code = chunks.find(({ fileName }) => fileName === 'index.js')?.code ?? ''
  const names = /export\s*\{([^}]*)\}\s*;?/.exec(code)
  const exported = (names?.[1] ?? '')
    .split(',')
    .map((one) => one.trim().split(/\s+as\s+/))
    .map(([inside, outside = inside]) => `${outside}: ${inside}`)
  const script = `(() => { ${code.replace(names?.[0] ?? '', '')}; return { ${exported.join(', ')} } })()`
  const realm = createContext(Object.fromEntries(WEB_STANDARDS.map((name) => [name, globalThis[name]])))
  return runInContext(script, realm) as Door
}

test('the built client pays by a channel and by upto where there is no Node, only web standards', async () => {
  const door = await openInBareRealm()
  for (const schemes of [['batch-settlement'], ['upto']] as const) {
    const server = createFakeServer()
    const pay = door.payingFetch(account, { schemes, assets: [USDC], fetch: server.fetch })
    const response = await pay(URL_OF_CALLS, ask())
    expect(response.status).toBe(200)
    await response.text()
  }
})
