import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../../..')

export type Page = { readonly name: string; readonly text: string }

const markdownBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join(folder, path))

/** Every document of the repository. */
export function listPages(): readonly Page[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'))
  const paths = [...top.map((name) => join(ROOT, name)), ...markdownBelow(join(ROOT, 'docs'))]
  paths.push(join(ROOT, 'contracts/README.md'))
  return paths.map((path) => ({ name: relative(ROOT, path), text: readFileSync(path, 'utf8') }))
}

export const readPage = (name: string): string => readFileSync(join(ROOT, name), 'utf8')

/** The text of one chapter, from its heading to the next of the same rank. */
export function chapterOf({ page, heading }: { page: string; heading: string }): string {
  const start = page.indexOf(`\n${heading}\n`)
  if (start < 0) throw new RangeError(`There is no chapter "${heading}".`)
  const rank = heading.slice(0, heading.indexOf(' ') + 1)
  const end = page.indexOf(`\n${rank}`, start + heading.length)
  return page.slice(start, end < 0 ? undefined : end)
}
