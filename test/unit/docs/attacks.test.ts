import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../integration/attacks')
const page = readFileSync(join(FOLDER, 'README.md'), 'utf8')
const rows = [...page.matchAll(/^\| (\d+) \|.*\| `([^`]+)` \|$/gm)].map(([, row, file]) => ({
  row: Number(row),
  file: file ?? '',
}))

test('the catalogue of attacks has all of its rows, each with a file that exists', () => {
  expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 33 }, (_, index) => index + 1))
  expect(rows.filter(({ file }) => !existsSync(join(FOLDER, file)))).toEqual([])
})

test('no attack is missing from the catalogue', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.test.ts'))
  expect(files.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  for (const { row, file } of rows) {
    if (!file.startsWith('..')) expect(file.startsWith(`${String(row).padStart(2, '0')}-`), file).toBe(true)
  }
})
