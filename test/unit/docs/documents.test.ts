import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { DOC_TABLES, tableIn } from '../../../scripts/doc-tables.ts'
import { CALL_STATES } from '../../../src/call/states.ts'
import { INVARIANTS } from '../../../src/storage/invariants/invariants.ts'
import { chapterOf, listPages, readPage, ROOT } from './pages.ts'

const pages = listPages()

test.each(DOC_TABLES)(
  'the table "$name" of $document is the one that the sources give',
  ({ name, document, text }) => {
    expect(tableIn({ page: readPage(document), name })).toBe(text)
  },
)

/** Paths of this repository as documents spell them, in backquotes or in code. */
const pathsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<![\w./-])(?:src|test|scripts|contracts|migrations)\/[\w./-]*\w\/?/g)].map(
    ([path]) => path,
  )

test('every path that a document names exists', () => {
  const missing = pages.flatMap(({ name, text }) =>
    pathsIn(text)
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${name}: ${path}`),
  )
  expect(missing).toEqual([])
})

test('the search for paths finds them', () => {
  expect(pathsIn('see `src/lib/limits.ts`, "./src/client/index.ts" and https://x.org/src/a.ts')).toEqual([
    'src/lib/limits.ts',
  ])
})

/** GitHub's names of headings: lower case, spaces to hyphens, punctuation gone. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

/** Links to other pages and to chapters; those to the web are not looked at. */
function brokenLinksOf({ name, text }: { name: string; text: string }): readonly string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => {
    if (/^https?:/.test(target)) return false
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? name : join(dirname(name), path)
    if (!existsSync(join(ROOT, file))) return true
    return anchor !== undefined && !anchorsOf(readPage(file)).includes(anchor)
  })
}

test('every link inside the documents leads somewhere', () => {
  expect(pages.flatMap((page) => brokenLinksOf(page).map((target) => `${page.name}: ${target}`))).toEqual([])
})

test('the runbook has a line for every invariant', () => {
  const runbook = chapterOf({ page: readPage('docs/OPERATING.md'), heading: '## Runbook' })
  const named = [...runbook.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  expect(new Set(named)).toEqual(new Set(INVARIANTS.map(({ name }) => name)))
})

test('the state diagram names every state of a call', () => {
  const diagram = chapterOf({ page: readPage('docs/PAYMENTS.md'), heading: "## The life of a call's money" })
  const words = CALL_STATES.map(({ state }) =>
    state === 'funding' ? 'F1' : state === 'forwarding' ? 'W1' : state,
  )
  expect(words.filter((word) => !diagram.includes(word))).toEqual([])
})

test('decisions are 10 to 30 lines', () => {
  const decisions = pages.filter(({ name }) => name.startsWith('docs/decisions/'))
  expect(decisions.length).toBeGreaterThan(5)
  const odd = decisions.filter(({ text }) => text.split('\n').length < 10 || text.split('\n').length > 31)
  expect(odd.map(({ name }) => name)).toEqual([])
})

test('no document names a machine of its authors', () => {
  const telling = /(?<![\w.])\/(?:work|tmp|root|home)\/|npmjs\.(?:org|com)|-----BEGIN/
  expect(pages.filter(({ text }) => telling.test(text)).map(({ name }) => name)).toEqual([])
})
