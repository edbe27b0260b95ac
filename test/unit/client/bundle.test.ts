import { relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { bundleClient } from '../../../scripts/build-client.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
let chunks: Awaited<ReturnType<typeof bundleClient>>
beforeAll(async () => {
  chunks = await bundleClient()
})

const chunkOf = (name: string) => chunks.find(({ fileName }) => fileName === name)

test('all of the client together is under 30 kB gzipped', () => {
  const bytes = gzipSync(chunks.map(({ code }) => code).join('')).length
  process.stdout.write(`@turnpike/client: ${bytes} bytes gzipped\n`)
  expect(bytes).toBeLessThan(30_000)
  expect(bytes).toBeGreaterThan(5_000)
})

test('nothing of the server is in it, and of other packages only the hash', () => {
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds).map((path) => relative(ROOT, path))
  const isOurs = (path: string) => /^src\/(client|lib|payment)\/[\w/-]+\.ts$/.test(path)
  const others = modules.filter((path) => !isOurs(path) && !path.includes('rolldown'))
  expect(modules).toContain('src/client/paying-fetch.ts')
  expect(others.filter((path) => !/(^|\/)node_modules\/js-sha3\//.test(path))).toEqual([])
  const code = chunks.map((chunk) => chunk.code).join('')
  expect(code).not.toContain('secp256k1/bindings')
})

/** What a browser does not have. */
const NODE_ONLY = /\bBuffer\b|\bprocess\s*[.[]|\brequire\s*\(|\b__dirname\b|\bglobal\s*[.[]|["'`]node:/

test('the main door uses web standards alone; the file store has a door of its own', () => {
  const main = chunkOf('index.js')
  expect(main?.code).not.toMatch(NODE_ONLY)
  expect(main?.imports).toEqual([])
  expect(main?.dynamicImports).toEqual(['viem'])
  expect(main?.exports).toContain('payingFetch')
  expect(main?.exports).not.toContain('fileStore')
  expect(chunkOf('file-store.js')?.exports).toEqual(['fileStore'])
  expect(chunkOf('file-store.js')?.imports.toSorted()).toEqual(['node:fs/promises', 'node:process'])
})

test('the search for what only Node has finds it', () => {
  for (const code of ['Buffer.from(x)', 'process.env', "import 'node:fs'", 'require("x")'])
    expect(code).toMatch(NODE_ONLY)
})
