import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examineEnvironment } from '../../src/cli/doctor.ts'
import { fundAccount } from '../../src/dev/chain/fund.ts'
import { devClient } from '../../src/dev/chain/clients.ts'
import { UPTO_PROXY } from '../../src/payment/tokens/contracts.ts'
import { startStack, type Stack } from '../support/start-stack.ts'

/** `turnpike doctor` as an operator runs it, against a dev world with and without faults. */
const ROOT = join(import.meta.dirname, '../..')

type Check = { readonly name: string; readonly state: string; readonly seen: string; readonly fix?: string }
type Report = { readonly ok: boolean; readonly checks: readonly Check[] }

let stack: Stack
let folder: string

beforeAll(async () => {
  stack = await startStack()
  folder = mkdtempSync(join(tmpdir(), 'turnpike-doctor-'))
})
afterAll(async () => {
  await stack.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The command itself, in a process of its own. */
function doctor(environment: Readonly<Record<string, string>>): Promise<Report & { code: number }> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', ...environment }
    const args = ['src/main.ts', 'doctor', '--json']
    execFile(process.execPath, args, { cwd: ROOT, env }, (error, stdout, stderr) => {
      if (stdout === '') return reject(new Error(stderr))
      const code = typeof error?.code === 'number' ? error.code : 0
      resolve({ code, ...(JSON.parse(stdout) as Report) })
    })
  })
}

/** A server that is not started: its own keys, funded where somebody says so. */
async function environmentOf({ funded }: { funded: boolean }): Promise<Record<string, string>> {
  const [signer, till, receiverAuthorizer] = [
    generatePrivateKey(),
    generatePrivateKey(),
    generatePrivateKey(),
  ]
  for (const key of [...(funded ? [signer] : []), till]) {
    const { address } = privateKeyToAccount(key)
    await fundAccount({ rpcUrl: stack.rpcUrl, address, ether: 10n ** 18n })
  }
  // A block of this moment, as a real chain has one.
  await devClient({ rpcUrl: stack.rpcUrl }).mine({ blocks: 1 })
  return {
    PORT: '1',
    TURNPIKE_DATA_DIR: folder,
    TURNPIKE_NETWORKS: 'eip155:84532',
    TURNPIKE_RPC_84532: `${stack.rpcUrl},${stack.proxy.url}`,
    TURNPIKE_SETTLEMENT_FEES: 'eip155:84532=0.002',
    TURNPIKE_PAY_TO: privateKeyToAccount(generatePrivateKey()).address,
    TURNPIKE_SIGNER_KEY: signer,
    TURNPIKE_TILL_KEY: till,
    TURNPIKE_RECEIVER_AUTHORIZER_KEY: receiverAuthorizer,
    OPENAI_API_KEY: 'a key that the provider does not ask for',
    OPENAI_BASE_URL: stack.provider.url,
  }
}

const stateOf = ({ checks }: Report, start: string) =>
  checks.filter(({ name }) => name.startsWith(start)).map(({ state }) => state)

test('an environment in which everything is there has no failing line', async () => {
  const before = stack.provider.calls()
  const report = await examineEnvironment({ dev: false, environment: await environmentOf({ funded: true }) })
  expect(report.checks.filter(({ state }) => state === 'fail')).toEqual([])
  expect(report.ok).toBe(true)
  // Nothing runs at that port, and the database is embedded.
  const warned = report.checks.filter(({ state }) => state === 'warn').map(({ name }) => name)
  expect(warned).toEqual(['database', '402 http://127.0.0.1:1'])
  expect(stack.provider.calls()).toBe(before)
})

test('several faults at once are each found, named and given their fix', async () => {
  const client = devClient({ rpcUrl: stack.rpcUrl })
  const other = createServer((request, response) => {
    // A node of another chain: it answers everything as if it were well.
    void (async () => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      const asked = JSON.parse(body) as { id: number; method: string }[] | { id: number; method: string }
      const block = { number: '0x1', hash: `0x${'01'.repeat(32)}`, timestamp: '0x1' }
      const answer = ({ id, method }: { id: number; method: string }) => ({
        jsonrpc: '2.0',
        id,
        result: method === 'eth_chainId' ? '0x2105' : block,
      })
      response.end(JSON.stringify(Array.isArray(asked) ? asked.map(answer) : answer(asked)))
    })()
  }).listen(0, '127.0.0.1')
  const code = (await client.getCode({ address: UPTO_PROXY })) ?? '0x'
  await client.setCode({ address: UPTO_PROXY, bytecode: '0x' })
  try {
    const environment = await environmentOf({ funded: false })
    const { port } = other.address() as AddressInfo
    const report = await doctor({
      ...environment,
      TURNPIKE_RPC_84532: `http://127.0.0.1:${port},${stack.rpcUrl}`,
      TURNPIKE_RECEIVER_AUTHORIZER_KEY: environment['TURNPIKE_TILL_KEY'] ?? '',
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      REDIS_URL: 'redis://127.0.0.1:1',
      TURNPIKE_PUBLIC_URL: stack.app.url,
    })
    expect(report).toMatchObject({ code: 1, ok: false })
    expect(stateOf(report, 'keys')).toEqual(['fail'])
    expect(stateOf(report, 'rpc eip155:84532')).toEqual(['fail', 'ok'])
    expect(stateOf(report, 'rpcs eip155:84532')).toEqual(['fail'])
    expect(stateOf(report, 'contracts')).toEqual(['warn'])
    expect(stateOf(report, 'token USDC')).toEqual(['ok'])
    expect(stateOf(report, 'gas signer')).toEqual(['fail'])
    expect(stateOf(report, 'gas till')).toEqual(['ok'])
    expect(stateOf(report, 'provider openai')).toEqual(['fail'])
    expect(stateOf(report, 'redis')).toEqual(['warn'])
    // Another server than the one that is described stands at the public address.
    expect(new Set(stateOf(report, '402'))).toEqual(new Set(['fail']))
    for (const { state, fix = '' } of report.checks) expect(fix.length > 10, fix).toBe(state !== 'ok')
    const words = JSON.stringify(report)
    for (const name of ['SIGNER', 'TILL', 'RECEIVER_AUTHORIZER'])
      expect(words).not.toContain(environment[`TURNPIKE_${name}_KEY`]?.slice(2))
  } finally {
    await client.setCode({ address: UPTO_PROXY, bytecode: code })
    other.close()
  }
})

test('an environment that is not complete is told what is missing, all of it at once', async () => {
  const environment = { TURNPIKE_NETWORKS: 'eip155:84532' }
  const report = await examineEnvironment({ dev: false, environment })
  expect(report.ok).toBe(false)
  const missing = report.checks.map(({ seen }) => seen).join('\n')
  for (const word of ['TURNPIKE_PAY_TO', 'TURNPIKE_RPC_84532', 'TURNPIKE_SIGNER_KEY', 'No provider'])
    expect(missing).toContain(word)
})

test('turnpike dev is looked at by the folder that it runs on', async () => {
  const { world, app } = stack
  const ready = {
    url: app.url,
    rpcUrl: stack.rpcUrl,
    usdt: world.chain.usdt,
    payTo: world.payTo,
    providerUrl: stack.provider.url,
  }
  writeFileSync(join(folder, 'ready.json'), JSON.stringify(ready))
  const environment = { TURNPIKE_DATA_DIR: folder }
  const report = await examineEnvironment({ dev: true, environment })
  expect(report.checks.filter(({ state }) => state === 'fail')).toEqual([])
  expect(stateOf(report, '402')).toEqual(['ok'])
  expect(stateOf(report, 'token')).toEqual(['ok', 'ok'])
  rmSync(join(folder, 'ready.json'))
  await expect(examineEnvironment({ dev: true, environment })).rejects.toThrow('No turnpike dev runs')
})
