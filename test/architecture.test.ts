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
