import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'turnpike-commands-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

function turnpike(parameters: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['src/main.ts', ...parameters], {
    cwd: ROOT,
    env: { ...process.env, TURNPIKE_DATA_DIR: folder, ...environment },
  })
  let stdout = ''
  let stderr = ''
  const firstLine = Promise.withResolvers<string>()
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    if (stdout.includes('\n')) firstLine.resolve(stdout.split('\n')[0] ?? '')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = new Promise<Run>((resolve) => {
    child.on('exit', (code) => {
      firstLine.reject(new Error(`turnpike ${parameters.join(' ')} ended: ${stderr}`))
      resolve({ code, stdout, stderr })
    })
  })
  firstLine.promise.catch(() => undefined)
  return { child, firstLine: firstLine.promise, ended }
}

test('the demo tells its story in one JSON object and ends well', async () => {
  const { code, stdout, stderr } = await turnpike(['demo', '--json'], {
    TURNPIKE_SIM_TOKENS_PER_SECOND: '2000',
  }).ended
  expect(stderr).toBe('')
  const result = JSON.parse(stdout) as {
    calls: { ceiling: string; charge: string; usage: { completion_tokens: number }; ttfbMs: number }[]
    settlement: { claimTx: string; settleTx: string }
  }
  expect(result).toMatchObject({ trialBalance: '0', reconciliation: { differences: 0 } })
  expect(result.calls).toHaveLength(2)
  for (const { ceiling, charge, usage, ttfbMs } of result.calls) {
    expect(BigInt(charge)).toBeGreaterThan(0n)
    expect(BigInt(charge)).toBeLessThanOrEqual(BigInt(ceiling))
    expect(usage.completion_tokens).toBeGreaterThan(0)
    expect(ttfbMs).toBeGreaterThan(0)
  }
  expect(result.settlement.claimTx).toMatch(/^0x[0-9a-f]{64}$/)
  expect(result.settlement.settleTx).toMatch(/^0x[0-9a-f]{64}$/)
  expect(code).toBe(0)
})

test('dev prints its ready line, the books agree through it, and a second start on its folder is refused', async () => {
  const dev = turnpike(['dev', '--json'], { PORT: '0' })
  const ready = JSON.parse(await dev.firstLine) as Record<string, unknown>
  expect(ready).toMatchObject({ event: 'ready', chainId: 84_532 })
  for (const key of ['url', 'rpcUrl', 'usdc', 'usdt', 'payTo', 'payerPrivateKey', 'adminToken']) {
    expect(ready[key], key).toEqual(expect.any(String))
  }
  const probe = await fetch(`${String(ready['url'])}/v1/chat/completions`)
  expect(probe.status).toBe(402)

  const check = await turnpike(['ledger', 'check', '--json']).ended
  expect(JSON.parse(check.stdout)).toMatchObject({ ok: true })
  const reconciled = await turnpike(['reconcile', '--json']).ended
  expect(JSON.parse(reconciled.stdout)).toMatchObject({ differences: [], compared: { balances: 4 } })
  const found = await turnpike(['reconcile', '--findings', '--json']).ended
  expect(JSON.parse(found.stdout)).toEqual({ findings: [] })
  const closed = await turnpike(['reconcile', 'close', 'finding_of_nobody', '--reason', 'none']).ended
  expect(closed).toMatchObject({ code: 1, stderr: expect.stringContaining('no finding with this id') })

  const looked = JSON.parse((await turnpike(['doctor', '--dev', '--json']).ended).stdout) as {
    checks: { name: string; state: string }[]
  }
  expect(looked).toMatchObject({ ok: true })
  expect(looked.checks.find(({ name }) => name.startsWith('provider'))?.state).toBe('ok')

  const second = await turnpike(['dev', '--json'], { PORT: '0' }).ended
  expect(second.code).toBe(1)
  expect(second.stderr).toContain(String(dev.child.pid))

  dev.child.kill('SIGTERM')
  expect((await dev.ended).code).toBe(0)
})

test('serve refuses to start half-configured and names everything that is missing', async () => {
  const { code, stderr } = await turnpike(['serve'], { TURNPIKE_DATA_DIR: join(folder, 'serve') }).ended
  expect(code).toBe(1)
  for (const name of ['TURNPIKE_SIGNER_KEY', 'TURNPIKE_TILL_KEY', 'TURNPIKE_PAY_TO', 'TURNPIKE_NETWORKS']) {
    expect(stderr).toContain(name)
  }
})

test('every command explains itself', async () => {
  const { code, stdout } = await turnpike(['--help']).ended
  expect(code).toBe(0)
  for (const command of [
    'demo',
    'dev',
    'serve',
    'doctor',
    'migrate',
    'ledger',
    'reconcile',
    'catalog',
    'mcp',
  ]) {
    expect(stdout).toContain(command)
  }
})
