import { execFile, execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodePayment } from '../../src/payment/check/payload.ts'
import { startStack, type Payer, type Stack } from '../support/start-stack.ts'
import { decodeBase64, type WirePayment } from '../support/stock-payer.ts'
import { KEYS } from '../unit/payment/stock-client.ts'
import { type Vectors, VECTORS_FILE } from '../unit/payment/vectors.ts'

/** docs/examples, run as they stand with the published packages. client.md and openai-sdk.md have tests of their own. */
const ROOT = join(import.meta.dirname, '../..')
const RUNNER = join(ROOT, 'test/e2e/client/run-example.ts')
const PYTHON = join(ROOT, 'test/support/python')
const run = promisify(execFile)

let stack: Stack
let payer: Payer
let folder: string

beforeAll(async () => {
  stack = await startStack()
  payer = await stack.newPayer()
  folder = mkdtempSync(join(tmpdir(), 'turnpike-examples-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await stack.expectCleanBooks()
  await stack.close()
})

const readExample = (name: string) => readFileSync(join(ROOT, 'docs/examples', name), 'utf8')
const blocks = (page: string, language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)

const environment = () => ({
  PATH: process.env['PATH'],
  TURNPIKE_URL: stack.app.url,
  WALLET_KEY: payer.privateKey,
  RPC_URL: stack.rpcUrl,
})

const PRICED = /^[\s\S]{50,}\n\d+ tokens for \$0\.\d+\n$/
const COUNTED = /^[\s\S]{50,}\n\d+ tokens\n$/
const CHARGED_ONCE = /^[\s\S]{50,}\ncharged \d+ of at most \d+ units\n$/
const CHARGED =
  /^[\s\S]{50,}\ncharged \d+ of at most \d+ units\n[\s\S]{50,}\ncharged \d+ of at most \d+ units\n$/

const PROGRAMS = [
  ['anthropic-sdk.md', 0, PRICED],
  ['mcp.md', 0, PRICED],
  ['vercel-ai-sdk.md', 0, COUNTED],
  ['vercel-ai-sdk.md', 1, COUNTED],
  ['langchain.md', 0, COUNTED],
  ['openai-agents.md', 0, COUNTED],
  ['x402-axios.md', 0, CHARGED_ONCE],
  ['x402-fetch.md', 0, CHARGED],
] as const

/** Every program as a file of a project that has its packages, all in one process: loading them is what takes the time. */
async function runPrograms(): Promise<readonly string[]> {
  const files = PROGRAMS.map(([page, index], place) => {
    const home = join(folder, String(place))
    mkdirSync(home)
    writeFileSync(join(home, 'example.mjs'), blocks(readExample(page), 'js')[index] ?? '')
    return join(home, 'example.mjs')
  })
  const { stdout, stderr } = await run(process.execPath, [RUNNER, ...files], {
    env: environment(),
    cwd: folder,
  })
  expect(stderr).toBe('')
  return stdout.split('####\n')
}

test('every program pays and prints its answer, exactly as it is written', async () => {
  const before = stack.provider.calls()
  const outputs = await runPrograms()
  expect(outputs).toHaveLength(PROGRAMS.length)
  for (const [place, [page, , expected]] of PROGRAMS.entries()) expect(outputs[place], page).toMatch(expected)
  // The last one makes two calls.
  expect(stack.provider.calls()).toBe(before + PROGRAMS.length + 1)
})

test('x402-axios.md pays by upto as well, as it says', async () => {
  const program = (blocks(readExample('x402-axios.md'), 'js')[0] ?? '')
    .replaceAll('ExactEvmScheme', 'UptoEvmScheme')
    .replace('/exact/client', '/upto/client')
  writeFileSync(join(folder, 'example.mjs'), program)
  const { stdout } = await run(process.execPath, [RUNNER, join(folder, 'example.mjs')], {
    env: environment(),
    cwd: folder,
  })
  expect(stdout).toMatch(CHARGED_ONCE)
})

test('curl.md: every step by hand, in one shell', async () => {
  const page = readExample('curl.md')
  writeFileSync(join(folder, 'example.mjs'), blocks(page, 'js')[0] ?? '')
  const runner = `'${process.execPath}' '${RUNNER}' '${folder}/example.mjs'`
  const steps = blocks(page, 'sh').map((step) => step.replace('npx node sign.mjs', runner))
  expect(steps.filter((step) => step.includes(runner))).toHaveLength(1)
  const { stdout } = await run('bash', ['-euc', steps.join("\necho '####'\n")], {
    cwd: folder,
    env: environment(),
  })
  const [, , required = '', , answer = '', seen = ''] = stdout.split('####\n')
  expect(JSON.parse(required)).toMatchObject({ x402Version: 2 })
  const { turnpike } = JSON.parse(answer) as { turnpike: { charge: string } }
  const [receipt = '', call = ''] = seen.trim().split('\n')
  expect(JSON.parse(receipt)).toMatchObject({ success: true, payer: payer.account.address })
  expect(JSON.parse(call)).toMatchObject({ charge: turnpike.charge })
})

const hasPython = () => {
  try {
    execFileSync('python3', ['--version'])
    return true
  } catch {
    return false
  }
}

/** The page's module beside a wallet of the standard library; what it prints. */
async function python({ mode, key, input }: { mode: string; key: string; input?: unknown }): Promise<string> {
  writeFileSync(join(folder, 'turnpike_pay.py'), blocks(readExample('python.md'), 'python')[0] ?? '')
  for (const name of ['pure_wallet.py', 'use_page.py']) copyFileSync(join(PYTHON, name), join(folder, name))
  const running = run('python3', ['use_page.py', mode], {
    cwd: folder,
    env: { ...environment(), WALLET_KEY: key },
  })
  running.child.stdin?.end(input === undefined ? '' : JSON.stringify(input))
  return (await running).stdout
}

test.skipIf(!hasPython())(
  'python.md signs what the published client signs, and its header is read',
  async () => {
    const vectors = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as Vectors
    const { value = '' } = vectors.payments.find(({ name }) => name === 'exact, USDC by EIP-3009') ?? {}
    const { accepted, payload } = decodeBase64(value) as WirePayment
    const said = JSON.parse(
      await python({
        mode: 'vector',
        key: KEYS.payer,
        input: { offer: accepted, authorization: payload['authorization'], header: vectors.paymentRequired },
      }),
    ) as { address: string; signature: string; payment: string }
    expect(said.signature).toBe(payload['signature'])
    const made = decodePayment({ paymentSignature: [said.payment] })
    expect(made).toMatchObject({ x402Version: 2 })
    const wire = decodeBase64(said.payment) as WirePayment
    expect(wire.accepted).toEqual(accepted)
    expect(wire.payload['authorization']).toMatchObject({ from: said.address, value: accepted.amount })
  },
)

test.skipIf(!hasPython())('python.md pays for a call', async () => {
  const [asked, answered, charge] = (await python({ mode: 'call', key: payer.privateKey })).trim().split('\n')
  expect([asked, answered]).toEqual(['402', '200'])
  expect(Number(charge)).toBeGreaterThan(0)
})

test('the list of recipes names every page', () => {
  const list = readExample('README.md')
  const pages = readdirSync(join(ROOT, 'docs/examples')).filter((name) => name !== 'README.md')
  expect(pages.filter((name) => !list.includes(`[${name}](${name})`))).toEqual([])
})
