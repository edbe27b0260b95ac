import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApp } from '../../src/app/open-app.ts'
import type { App } from '../../src/app/options/options.ts'
import { serveOptions } from '../../src/app/options/serve-options.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { fundAccount } from '../../src/dev/chain/fund.ts'
import { chatBody, post, readAnswer, readError } from '../support/chat.ts'
import { startStack, type Stack } from '../support/start-stack.ts'
import { stockPayer } from '../support/stock-payer.ts'

let stack: Stack
let app: App
const folder = mkdtempSync(join(tmpdir(), 'turnpike-serve-'))

/** The environment of an operator on a chain of its own: keys that nobody else uses, one provider. */
async function environmentOf({ rpcUrl, provider }: Stack): Promise<Record<string, string>> {
  const keys = [generatePrivateKey(), generatePrivateKey(), generatePrivateKey()] as const
  const [signer, till, receiverAuthorizer] = keys
  for (const key of [signer, till]) {
    await fundAccount({ rpcUrl, address: privateKeyToAccount(key).address, ether: 10n ** 18n })
  }
  return {
    PORT: '0',
    TURNPIKE_DATA_DIR: folder,
    TURNPIKE_NETWORKS: 'eip155:84532',
    TURNPIKE_RPC_84532: rpcUrl,
    TURNPIKE_SETTLEMENT_FEES: 'eip155:84532=0.002',
    TURNPIKE_PAY_TO: privateKeyToAccount(generatePrivateKey()).address,
    TURNPIKE_SIGNER_KEY: signer,
    TURNPIKE_TILL_KEY: till,
    TURNPIKE_RECEIVER_AUTHORIZER_KEY: receiverAuthorizer,
    TURNPIKE_ADMIN_TOKEN: 'an operator of this test, thirty-two characters',
    OPENAI_API_KEY: 'a key that the provider does not ask for',
    OPENAI_BASE_URL: provider.url,
  }
}

beforeAll(async () => {
  stack = await startStack()
  const environment = await environmentOf(stack)
  const options = serveOptions({ config: readConfig(environment), environment })
  app = await openApp({ ...options, logLevel: 'silent' })
})
afterAll(async () => {
  await app.close()
  await stack.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what the environment configures is served and paid for, by the name that the provider knows', async () => {
  const payer = await stack.newPayer()
  const { pay } = stockPayer({ stack, payer, scheme: 'batch-settlement' })
  const response = await pay(`${app.url}/v1/chat/completions`, post(chatBody()))
  expect(response.headers.get('x-turnpike-provider')).toBe('openai')
  const answer = await readAnswer(response)
  expect(BigInt(answer.turnpike.charge)).toBeGreaterThan(0n)
  expect(answer.turnpike).not.toHaveProperty('simulated')
  expect((await app.checkLedger()).filter(({ ok }) => !ok)).toEqual([])
})

test('a model without a reachable endpoint is listed as such and refused before any payment', async () => {
  const models = (await (await fetch(`${app.url}/v1/models`)).json()) as {
    data: { id: string; available: boolean }[]
  }
  const isAvailable = (id: string) => models.data.find((model) => model.id === id)?.available
  expect(isAvailable('openai/gpt-4o-mini')).toBe(true)
  expect(isAvailable('xai/grok-3-mini')).toBe(false)
  const refused = await fetch(`${app.url}/v1/chat/completions`, post(chatBody({ model: 'xai/grok-3-mini' })))
  expect(refused.status).toBe(400)
  expect((await readError(refused)).code).toBe('model_not_configured')
})

test("the operator's routes have a listener of their own", async () => {
  expect((await fetch(`${app.url}/admin/v1/ledger/check`)).status).toBe(404)
  expect((await fetch(`${app.adminUrl}/admin/v1/ledger/check`)).status).toBe(401)
  const headers = { authorization: 'Bearer an operator of this test, thirty-two characters' }
  const check = await fetch(`${app.adminUrl}/admin/v1/ledger/check`, { headers })
  expect(await check.json()).toMatchObject({ ok: true })
})

test('a token that is not on chain what our table says stops the start with the fix', async () => {
  const environment = await environmentOf(stack)
  const options = serveOptions({ config: readConfig(environment), environment })
  const assets = options.terms.assets.map((asset) => ({ ...asset, decimals: 18 }))
  const place = { dataDirectory: join(folder, 'wrong') }
  await expect(openApp({ ...options, place, terms: { ...options.terms, assets } })).rejects.toThrow(
    'decimals',
  )
})
