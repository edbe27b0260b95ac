import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

/**
 * Who may import whom (docs/ARCHITECTURE.md). Imports run downhill; a room that is missing here may import nothing.
 * `pure` stands for every pure room, `lib` included.
 */
const PURE: readonly string[] = [
  'lib',
  'chat',
  'ledger',
  'governance',
  'catalog',
  'pricing',
  'routing',
  'payment',
]
const ADAPTER = ['call', 'settlement', ...PURE, 'config']
const ALLOWED: Record<string, readonly string[]> = {
  lib: [],
  chat: ['lib'],
  ledger: ['lib'],
  governance: ['lib'],
  config: ['lib'],
  catalog: ['lib', 'chat'],
  pricing: ['lib', 'chat', 'catalog'],
  routing: ['lib', 'chat', 'catalog', 'pricing'],
  payment: ['lib'],
  settlement: PURE,
  call: ['settlement', ...PURE],
  providers: ADAPTER,
  chain: ADAPTER,
  storage: ADAPTER,
  queue: ADAPTER,
  telemetry: ADAPTER,
  http: ADAPTER,
  client: ['lib', 'payment'],
  dev: ['lib', 'chat', 'payment', 'config'],
  app: [...ADAPTER, 'providers', 'chain', 'storage', 'queue', 'telemetry', 'http', 'client'],
  cli: ['app', 'config', 'lib', 'client'],
  'main.ts': ['app', 'config', 'lib', 'client', 'cli'],
  'index.ts': ['app', 'config', 'lib', 'client'],
}

/** Outside packages have one door each. */
const DOORS: Record<string, readonly string[]> = {
  viem: ['chain', 'dev', 'client'],
  secp256k1: ['payment'],
  '@bitauth/libauth': ['payment'],
  'js-sha3': ['payment'],
  express: ['http'],
  helmet: ['http'],
  bullmq: ['queue'],
  ioredis: ['queue'],
  pg: ['storage'],
  '@electric-sql/pglite': ['storage'],
  'drizzle-orm': ['storage'],
  '@x402/core': ['payment', 'chain', 'client'],
  '@x402/evm': ['payment', 'chain', 'client'],
  undici: ['providers'],
  pino: ['telemetry'],
  'prom-client': ['telemetry'],
}

/** The only files outside a room that may take something from dev: the laptop's world. */
const DEV_DOORS = ['src/cli/dev.ts', 'src/cli/demo.ts']

const ROOT = resolve(import.meta.dirname, '..')

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return filesBelow(path)
    return path.endsWith('.ts') ? [path] : []
  })
}

const roomOf = (path: string) => relative(join(ROOT, 'src'), path).split('/')[0] ?? ''
const importsOf = (source: string) =>
  [...source.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '')

function violationsIn(path: string, source: string): string[] {
  const name = relative(ROOT, path)
  const room = roomOf(path)
  return importsOf(source).flatMap((target) => {
    if (target.startsWith('.')) {
      const other = roomOf(resolve(dirname(path), target))
      if (other === room || ALLOWED[room]?.includes(other)) return []
      if (other === 'dev' && DEV_DOORS.includes(name)) return []
      return [`${name} imports ${other}/ (${target})`]
    }
    const door = Object.keys(DOORS).find((pkg) => target === pkg || target.startsWith(`${pkg}/`))
    if (!door || DOORS[door]?.some((allowed) => name.startsWith(`src/${allowed}`))) return []
    return [`${name} imports the package ${target}`]
  })
}

const sources = filesBelow(join(ROOT, 'src')).map((path) => ({ path, text: readFileSync(path, 'utf8') }))

test('imports run downhill and every outside package keeps to its door', () => {
  expect(sources.flatMap(({ path, text }) => violationsIn(path, text))).toEqual([])
})

test('the rule sees a planted violation', () => {
  const planted = join(ROOT, 'src/ledger/planted.ts')
  expect(
    violationsIn(planted, `import { open } from '../storage/open.ts'\nimport pg from 'pg'`),
  ).toHaveLength(2)
})

test('pure rooms know no clock, no randomness, no environment and no I/O', () => {
  const impure = /\bDate\.now\(|\bnew Date\(\)|Math\.random\(|process\.env|from 'node:(?!crypto|buffer)/
  const offenders = sources.filter(
    ({ path, text }) => [...PURE, 'call', 'settlement'].includes(roomOf(path)) && impure.test(text),
  )
  expect(offenders.map(({ path }) => relative(ROOT, path))).toEqual([])
})

test('no file is over 400 lines', () => {
  const long = sources.filter(({ text }) => text.split('\n').length > 400)
  expect(long.map(({ path }) => relative(ROOT, path))).toEqual([])
})
