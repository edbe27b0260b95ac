import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../..')
const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as Record<string, unknown>

type Locked = {
  readonly version?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

const locked = Object.entries(read('package-lock.json')['packages'] as Record<string, Locked>).filter(
  ([path, one]) => path !== '' && !one.link,
)

test('every package is locked to its bytes', () => {
  expect(locked.length).toBeGreaterThan(100)
  expect(locked.filter(([, one]) => !one.integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([])
})

test('what we ask for is asked for by its exact version', () => {
  const { dependencies, devDependencies } = read('package.json') as Record<string, Record<string, string>>
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^(npm:[\w@/.-]+@)?\d+\.\d+\.\d+$/.test(version),
  )
  expect(loose).toEqual([])
})

test('a package may run its script only where we have named it, and one does', () => {
  const allowed = read('package.json')['allowScripts'] as Record<string, boolean>
  const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const wanting = new Set(locked.filter(([, one]) => one.hasInstallScript).map(([path]) => nameOf(path)))
  expect([...wanting].filter((name) => !(name in allowed))).toEqual([])
  expect(Object.entries(allowed).flatMap(([name, may]) => (may ? [name] : []))).toEqual(['node'])
})
