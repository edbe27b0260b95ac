import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ALLOWED, DEV_DOORS, DOORS, PURE } from './support/import-table.ts'

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

/** The folder of a file within its room; none for those at the top, which are the room's doors, ports and types. */
function cornerOf(path: string): string | undefined {
  const [, corner, ...below] = relative(join(ROOT, 'src'), path).split('/')
  return below.length > 0 ? corner : undefined
}

/** Folders of a room that import one another, over however many others. */
function circlesIn(room: string, files: readonly { path: string; text: string }[]): readonly string[] {
  const edges = files.flatMap(({ path, text }) => {
    const targets = importsOf(text).filter((target) => target.startsWith('.'))
    const inside = targets.map((target) => resolve(dirname(path), target)).filter((to) => roomOf(to) === room)
    return inside.map((to) => [cornerOf(path), cornerOf(to)] as const)
  })
  const below = (from: string, seen = new Set<string>()): Set<string> => {
    for (const [one, other] of edges) {
      if (one !== from || other === undefined || other === from || seen.has(other)) continue
      seen.add(other)
      below(other, seen)
    }
    return seen
  }
  const corners = new Set(edges.flatMap(([corner]) => corner ?? []))
  return [...corners].filter((corner) => below(corner).has(corner)).map((corner) => `${room}/${corner}`)
}

const ROOMS = [...new Set(sources.map(({ path }) => roomOf(path)))]
const sourcesOf = (room: string) => sources.filter(({ path }) => roomOf(path) === room)

test('the folders of a room import one another in no circle', () => {
  expect(ROOMS.flatMap((room) => circlesIn(room, sourcesOf(room)))).toEqual([])
})

test('the search for circles sees a planted one', () => {
  const path = join(ROOT, 'src/call/plan/planted.ts')
  const planted = { path, text: `import { dispatchCall } from '../serve/dispatch.ts'` }
  expect(circlesIn('call', [...sourcesOf('call'), planted]).toSorted()).toContain('call/plan')
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
