import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'

/** docs/AGENTS.md, run as it stands: its commands in a shell, its programs as files of a project. */
const ROOT = resolve(import.meta.dirname, '../../..')
const run = promisify(execFile)

let stack: Stack
let payer: Payer
let folder: string
let page: string

beforeAll(async () => {
  stack = await startStack()
  payer = await stack.newPayer()
  page = await readFile(join(ROOT, 'docs/AGENTS.md'), 'utf8')
  folder = await mkdtemp(join(tmpdir(), 'turnpike-agents-'))
  await mkdir(join(folder, '.turnpike'))
  await writeFile(join(folder, '.turnpike/ready.json'), JSON.stringify({ payerPrivateKey: payer.privateKey }))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
  await stack.close()
})

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)

/** Everything that the page exports, then a command. */
async function shell(command: string): Promise<string> {
  const [, exports = ''] = blocks('sh')
  const here = exports
    .replace('http://127.0.0.1:4020', stack.app.url)
    .replaceAll('npx node', `'${process.execPath}'`)
  const { stdout } = await run('bash', ['-euc', `${here}\n${command}`], { cwd: folder })
  return stdout
}

async function program(index: number): Promise<string> {
  const file = join(folder, 'example.mjs')
  await writeFile(file, blocks('js')[index] ?? '')
  const { stdout } = await run(process.execPath, [join(ROOT, 'test/e2e/client/run-example.ts'), file], {
    env: { ...process.env, TURNPIKE_URL: stack.app.url, WALLET_KEY: payer.privateKey },
  })
  return stdout
}

test('the first commands are those of the README, and the second ones find the payer', async () => {
  const [start = ''] = blocks('sh')
  expect(start).toBe('npm install\nnpm run dev\n')
  const scripts = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { dev: string }
  }
  expect(scripts.scripts.dev).toContain('dev')
  expect((await shell('echo "$WALLET_KEY"')).trim()).toBe(payer.privateKey)
})

test('the probe is answered by a price', async () => {
  const [, , probe = ''] = blocks('sh')
  const answer = await shell(probe)
  expect(answer).toMatch(/^HTTP\/1\.1 402 /)
  expect(answer.toLowerCase()).toContain('\r\npayment-required: ')
})

test('the quote has every field that the page explains', async () => {
  const [, , , quote = ''] = blocks('sh')
  const answer = JSON.parse(await shell(quote)) as Record<string, unknown>
  expect(answer).toMatchObject({ object: 'quote', output_cap: 60 })
  const chapter = page.slice(page.indexOf('## 3.'), page.indexOf('## 4.'))
  const explained = [...chapter.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, cells = '']) =>
    [...cells.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  )
  expect(explained.length).toBeGreaterThan(6)
  for (const name of explained.filter((name) => name !== 'hint')) expect(answer).toHaveProperty(name)
})

test('the addresses that the page names are there', async () => {
  const named = [...page.matchAll(/^\| `GET (\S+)` \|/gm)].map(([, path = '']) => path)
  expect(named.length).toBe(4)
  for (const path of named) expect((await fetch(`${stack.app.url}${path}`)).status, path).toBe(200)
})

test('the stock client pays and streams', async () => {
  const output = await program(0)
  expect(output).toContain('data: {')
  expect(output).toContain('"turnpike":')
  expect(output).toContain(': payment-response ')
  expect(output.trimEnd().endsWith('data: [DONE]')).toBe(true)
})

test('an offer of the quote is paid without a 402', async () => {
  const output = await program(1)
  expect(output).toMatch(/^about \$0\.\d+, at most \$0\.\d+, by \S+\n/)
  expect(output).toMatch(/\(charged \$0\.\d+\)\n$/)
})
