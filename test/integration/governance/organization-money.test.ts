import { x402Client } from '@x402/core/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { wrapFetchWithSIWx } from '@x402/extensions/sign-in-with-x'
import { wrapFetchWithPayment } from '@x402/fetch'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chatBody, post } from '../../support/chat.ts'
import { NETWORK, type Payer, type Stack, startStack } from '../../support/start-stack.ts'

let stack: Stack
const denied = new Set<string>()
beforeAll(async () => {
  stack = await startStack({
    overrides: {
      walletGate: {
        screen: async ({ address }) => ({
          verdict: denied.has(address) ? 'deny' : 'allow',
          listVersion: '1',
          holdsMs: 60_000,
        }),
        onSilence: 'closed',
        onlyKnown: false,
      },
    },
  })
})
afterAll(async () => {
  await stack.expectCleanBooks()
  await stack.close()
})

const at = (path: string) => `${stack.app.url}${path}`

async function operate(
  path: string,
  body: object,
): Promise<Record<string, unknown> & { id: string; key?: string }> {
  const answer = await fetch(at(`/admin/v1${path}`), {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.adminToken}` },
    body: JSON.stringify(body),
  })
  const told = (await answer.json()) as Record<string, unknown> & { id: string }
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(told)}`)
  return told
}

/** An organisation with a program, as an operator makes one. */
async function newOrganization(name: string) {
  const organization = await operate('/organizations', { name })
  const principal = await operate('/principals', { unit_id: organization.id, kind: 'service', name: 'agent' })
  const keyWith = async (role: string) => {
    await operate('/grants', { principal_id: principal.id, unit_id: organization.id, role })
    const { key = '' } = await operate('/keys', { principal_id: principal.id, name: role, kind: 'inference' })
    return key
  }
  return { id: organization.id, caller: await keyWith('developer'), payer: await keyWith('billing') }
}

const creditOf = async (key: string): Promise<Record<string, unknown>> =>
  (await (await fetch(at('/v1/credit'), { headers: { authorization: `Bearer ${key}` } })).json()) as Record<
    string,
    unknown
  >

/** A published client pays a top-up; what it sent is kept, as somebody who listens would have it. */
async function topUp({ payer, key }: { payer: Payer; key: string }) {
  const sent: string[] = []
  const listening: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    sent.push(request.headers.get('payment-signature') ?? '')
    return fetch(request)
  }
  const client = new x402Client()
    .register(NETWORK, new ExactEvmScheme(payer.account))
    .setSpendControls({ maxAmountPerPayment: '$10' })
  const answer = await wrapFetchWithPayment(listening, client)(
    at('/v1/credit'),
    post(JSON.stringify({ amount_usd: '2.50' }), { authorization: `Bearer ${key}` }),
  )
  return { answer, payment: sent.at(-1) ?? '' }
}

test('an agent tops up its organisation with a stock client, and the organisation pays its calls to the last pico-dollar', async () => {
  const { id, caller, payer: payerKey } = await newOrganization('Acme')
  const payer = await stack.newPayer()
  const { answer } = await topUp({ payer, key: payerKey })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({
    object: 'credit',
    organization: id,
    available_usd: '2.5',
    held_usd: '0',
    spent_usd: '0',
  })
  const called = await fetch(
    stack.chatUrl,
    post(chatBody({ question: 'What does a balance buy?' }), { authorization: `Bearer ${caller}` }),
  )
  expect(called.status).toBe(200)
  const { turnpike } = (await called.json()) as {
    turnpike: { charge: string; charge_usd: string; call_id: string }
  }
  expect(await creditOf(payerKey)).toMatchObject({ held_usd: '0', spent_usd: turnpike.charge_usd })
  const call = await fetch(at(`/v1/calls/${turnpike.call_id}`), {
    headers: { authorization: `Bearer ${caller}` },
  })
  expect(await call.json()).toMatchObject({
    scheme: 'credit',
    state: 'final',
    network: 'usd',
    charge: turnpike.charge,
    usage: { output_text: expect.any(Number) },
  })
  const stranger = await fetch(at(`/v1/calls/${turnpike.call_id}`))
  expect(await stranger.json()).not.toHaveProperty('usage')
})

test('a key that may not touch money is refused, and so is one who sends the payment of another', async () => {
  const acme = await newOrganization('Acme again')
  const thief = await newOrganization('Thief')
  const limited = await operate('/keys', {
    principal_id: (await operate('/principals', { unit_id: acme.id, kind: 'service', name: 'viewer' })).id,
    name: 'viewer',
    kind: 'inference',
  })
  const refused = await fetch(at('/v1/credit'), { headers: { authorization: `Bearer ${limited.key}` } })
  expect(refused.status).toBe(403)
  const { payment } = await topUp({ payer: await stack.newPayer(), key: acme.payer })
  const headers = { 'payment-signature': payment }
  const body = JSON.stringify({ amount_usd: '2.50' })
  const stolen = await fetch(
    at('/v1/credit'),
    post(body, { ...headers, authorization: `Bearer ${thief.payer}` }),
  )
  expect(stolen.status).toBe(402)
  expect(await creditOf(thief.payer)).toMatchObject({ available_usd: '0' })
  // Sent again by the one whose it is, it is there once.
  const again = await fetch(
    at('/v1/credit'),
    post(body, { ...headers, authorization: `Bearer ${acme.payer}` }),
  )
  expect(again.status).toBe(200)
  expect(await creditOf(acme.payer)).toMatchObject({ available_usd: '2.5' })
})

test('a wallet that is not served brings no money through the key of an organisation either', async () => {
  const { payer: payerKey } = await newOrganization('Laundry')
  const payer = await stack.newPayer()
  denied.add(payer.address)
  const { answer } = await topUp({ payer, key: payerKey })
  expect(answer.status).toBe(403)
  expect(await answer.json()).toMatchObject({ error: { code: 'wallet_denied' } })
  expect(await creditOf(payerKey)).toMatchObject({ available_usd: '0' })
})

test('the operator tops up against an invoice, once per name of the order', async () => {
  const { id, payer } = await newOrganization('Invoiced')
  const order = () =>
    fetch(at(`/admin/v1/organizations/${id}/top-ups`), {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.adminToken}`, 'idempotency-key': 'invoice-7' },
      body: JSON.stringify({ amount_usd: '100' }),
    })
  expect((await order()).status).toBeLessThan(300)
  expect((await order()).status).toBeLessThan(300)
  expect(await creditOf(payer)).toMatchObject({ available_usd: '100' })
})

test('a wallet and a key each see what they have used and what binds them, and nobody else does', async () => {
  const { id, caller, payer: payerKey } = await newOrganization('Counted')
  await operate(`/organizations/${id}/top-ups`, { amount_usd: '1' })
  await operate('/budgets', { place: { level: 'organization', id }, limit: '5' })
  const ask = async (path: string, headers: Record<string, string>) =>
    (await (await fetch(at(path), { headers })).json()) as Record<string, unknown>
  const withKey = { authorization: `Bearer ${caller}` }
  const called = await fetch(stack.chatUrl, post(chatBody({ question: 'What do I use?' }), withKey))
  const { turnpike } = (await called.json()) as { turnpike: { charge_usd: string } }
  expect(await ask('/v1/usage', withKey)).toMatchObject({
    object: 'usage',
    days: 30,
    total_usd: turnpike.charge_usd,
    data: [{ requests: 1, usage_usd: turnpike.charge_usd, prompt_tokens: expect.any(Number) as number }],
  })
  // Its principal holds a role by which it may see what all have spent.
  expect(await ask('/v1/limits', withKey)).toMatchObject({
    data: [{ scope: 'organization', id, metric: 'usd', limit: '5', spent: turnpike.charge_usd, held: '0' }],
  })
  expect(await ask('/v1/usage?of=organization', { authorization: `Bearer ${payerKey}` })).toMatchObject({
    total_usd: turnpike.charge_usd,
  })
  expect((await fetch(at('/v1/usage'))).status).toBe(402)
  const wallet = wrapFetchWithSIWx(fetch, (await stack.newPayer()).account)
  expect(await (await wallet(at('/v1/usage'))).json()).toMatchObject({ total_usd: '0', data: [] })
  expect(await (await wallet(at('/v1/limits'))).json()).toEqual({ object: 'list', data: [] })
})

test('the operator’s word about a wallet is in force at once, and is nobody else’s to say', async () => {
  const { id } = await newOrganization('Bystander')
  const manager = await operate('/principals', { unit_id: id, kind: 'user', name: 'manager' })
  await operate('/grants', { principal_id: manager.id, unit_id: id, role: 'owner' })
  const { key } = await operate('/keys', { principal_id: manager.id, name: 'm', kind: 'management' })
  const payer = await stack.newPayer()
  const say = (verdict: string, token: string) =>
    fetch(at(`/admin/v1/wallets/${payer.account.address}/verdict`), {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ verdict }),
    })
  expect((await say('deny', key ?? '')).status).toBe(404)
  expect((await say('deny', stack.adminToken)).status).toBeLessThan(300)
  const wallet = wrapFetchWithSIWx(fetch, payer.account)
  await expect.poll(async () => (await wallet(at('/v1/limits'))).status).toBe(403)
  expect((await say('none', stack.adminToken)).status).toBeLessThan(300)
  await expect.poll(async () => (await wallet(at('/v1/limits'))).status).toBe(200)
})
