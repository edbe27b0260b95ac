import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readScreeningList } from '../../../src/app/options/wallet-gate.ts'
import type { WalletGate } from '../../../src/call/caller/screening.ts'
import { creditPayer, type CreditPayer } from '../../support/credit-payer.ts'
import { commitOf } from '../../support/governed.ts'
import { codeOf, type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'

const ENDPOINTS = [
  { modelId: 'small/one', providerId: 'alpha', inputPicoUsd: 1_000_000n, outputPicoUsd: 1_000_000n },
]
const body = { model: 'small/one', max_tokens: 50 }
const folder = mkdtempSync(join(tmpdir(), 'turnpike-screening-'))
const listPath = join(folder, 'list.json')

let screenFails = false
let stack: GovernedStack
let closed: GovernedStack
beforeAll(async () => {
  const [bad, odd] = ['on the list', 'to be looked at'].map((name) => creditPayer(name).address)
  writeFileSync(listPath, JSON.stringify({ version: '7', deny: [bad], review: [odd] }))
  const list = readScreeningList({ path: listPath, publicKey: undefined })
  const gate = (onlyKnown: boolean): WalletGate => ({
    screen: (wallet) => (screenFails ? Promise.reject(new Error('away')) : list(wallet)),
    onSilence: 'closed',
    onlyKnown,
  })
  stack = await startGovernedStack({ endpoints: ENDPOINTS, walletGate: gate(false) })
  closed = await startGovernedStack({ endpoints: ENDPOINTS, walletGate: gate(true) })
})
afterAll(async () => {
  await stack.close()
  await closed.close()
  rmSync(folder, { recursive: true, force: true })
})

async function pay(on: GovernedStack, payer: CreditPayer) {
  const asked = await on.ask({ body, headers: { 'x-turnpike-credit': '1' } })
  const proof = payer.prove(asked.headers.get('payment-required') ?? '')
  return on.ask({ body, headers: { 'sign-in-with-x': proof } })
}

test('a wallet on the list is refused before its money is touched, written down once, and told of', async () => {
  const payer = await stack.newPayer('on the list')
  expect(codeOf(await pay(stack, payer))).toBe('403 wallet_denied')
  expect(codeOf(await pay(stack, payer))).toBe('403 wallet_denied')
  expect(await stack.creditOf(payer)).toBe(1_000_000_000_000n)
  const { items } = await stack.storage.governance.list({
    resource: 'audit',
    tenant: 'public',
    where: { targetId: payer.address },
    limit: 10,
  })
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({ action: 'wallet:screened', actor: { kind: 'system', id: 'screening' } })
  const events = await stack.storage.governance.list({ resource: 'events', tenant: 'public', limit: 10 })
  expect(events.items.filter(({ type }) => type === 'wallet.flagged')).toHaveLength(1)
})

test('a wallet that is to be looked at is served, and one that is on no list is served and not written down', async () => {
  expect((await pay(stack, await stack.newPayer('to be looked at'))).status).toBe(200)
  const usual = await stack.newPayer('usual')
  expect((await pay(stack, usual)).status).toBe(200)
  const row = await stack.storage.governance.get({ resource: 'wallets', tenant: 'public', id: usual.address })
  expect(row).toBeUndefined()
})

test('where the list does not answer nobody is served whom it has not answered for', async () => {
  const known = await stack.newPayer('asked before')
  expect((await pay(stack, known)).status).toBe(200)
  screenFails = true
  const answer = await pay(stack, await stack.newPayer('asked now'))
  expect(codeOf(answer)).toBe('503 unavailable')
  expect((await pay(stack, known)).status).toBe(200)
  screenFails = false
})

test('a private server serves the wallets that its operator has allowed, and no others', async () => {
  const payer = await closed.newPayer('friend')
  expect(codeOf(await pay(closed, payer))).toBe('403 wallet_denied')
  const wallet = {
    id: payer.address,
    organizationId: null,
    principalId: payer.address,
    verdict: 'allow',
    version: 1,
  } as const
  await closed.storage.governance.commit(
    commitOf({
      organizationId: 'public',
      changes: [{ resource: 'wallets', value: wallet, expectedVersion: 0 }],
    }),
  )
  await closed.rules.refresh()
  expect((await pay(closed, payer)).status).toBe(200)
})

test('a list that has to be signed is taken with its signature, and a byte of it may not change', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const text = JSON.stringify({ version: '8', deny: [] })
  const path = join(folder, 'signed.json')
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  writeFileSync(path, text)
  writeFileSync(`${path}.sig`, sign(null, Buffer.from(text), privateKey).toString('base64'))
  expect(readScreeningList({ path, publicKey: key })).toBeDefined()
  writeFileSync(path, text.replace('8', '9'))
  expect(() => readScreeningList({ path, publicKey: key })).toThrow('does not sign it')
  writeFileSync(path, '{"version":"9","deny":["0x1"]}')
  expect(() => readScreeningList({ path, publicKey: undefined })).toThrow('deny.0 must be an address')
})
