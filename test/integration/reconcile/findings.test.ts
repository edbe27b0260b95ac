import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAbi, parseSignature } from 'viem'
import { devAccounts } from '../../../src/dev/accounts.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { fundAccount } from '../../../src/dev/chain/fund.ts'
import { mintUsdc } from '../../../src/dev/chain/token-owner.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { startStack, type Stack } from '../../support/start-stack.ts'
import { stockPayer } from '../../support/stock-payer.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { exactPayment, offerFor, sendPaid } from '../../support/wire-payment.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack({ overrides: { sweepMs: 60_000, reconcileGraceMs: 0 } })
})
afterAll(() => stack.close())

type WireFinding = Readonly<Record<string, string | number | null>> & { readonly id: string }
type List = { data: readonly WireFinding[]; first_id: string; last_id: string; has_more: boolean }

const admin = (path: string, order?: unknown) =>
  fetch(`${stack.app.url}/admin/v1/reconciliation/findings${path}`, {
    headers: { authorization: `Bearer ${stack.adminToken}` },
    ...(order === undefined ? {} : { method: 'POST', body: JSON.stringify(order) }),
  })
const list = async (query = '') => (await (await admin(query)).json()) as List
const subjects = async () => (await stack.app.reconcile()).differences.map((one) => one.subject)
const gauge = async (line: string) => {
  const text = await (await fetch(`${stack.app.url}/metrics`)).text()
  return text.split('\n').find((one) => one.startsWith(line))
}

test('money that came unasked is one finding, which an operator closes with a reason, and it stays answered', async () => {
  const { payTo } = stack.world
  await mintUsdc({ rpcUrl: stack.rpcUrl, address: payTo, amount: 7n })
  const { differences } = await stack.app.reconcile()
  expect(differences).toEqual([
    expect.objectContaining({
      class: 'chain_only',
      ledger: '0',
      chain: '7',
      subject: expect.stringContaining('chain:pay-to'),
    }),
  ])
  // Seen again it is the same finding.
  await stack.app.reconcile()
  const { data } = await list()
  expect(data).toHaveLength(1)
  expect(data[0]).toMatchObject({ object: 'finding', class: 'chain_only', state: 'open', closed_at: null })
  expect(data[0]?.['means']).toMatch(/no entry/)
  expect(data[0]?.['next']).toMatch(/close it/)
  expect(await gauge('turnpike_reconciliation_findings{class="chain_only"}')).toMatch(/ 1$/)

  const id = data[0]?.id ?? ''
  expect((await readError(await admin(`/${id}/close`, { reason: ' ' }))).code).toBe('invalid_field')
  expect((await readError(await admin('/finding_of_nobody/close', { reason: 'a gift' }))).code).toBe(
    'finding_not_found',
  )
  const closed = await admin(`/${id}/close`, { reason: 'a gift' })
  expect(await closed.json()).toMatchObject({ state: 'closed', closed_by: 'operator', reason: 'a gift' })
  expect((await readError(await admin(`/${id}/close`, { reason: 'again' }))).code).toBe('finding_closed')

  expect(await subjects()).toEqual([])
  expect((await list()).data).toEqual([])
  expect((await list('?state=all')).data).toHaveLength(1)
  expect(await gauge('turnpike_reconciliation_findings{class="chain_only"}')).toMatch(/ 0$/)
})

test('a pass reads only what is new on the chain', async () => {
  await stack.app.reconcile()
  const { methods } = await stack.proxy.count(() => stack.app.reconcile())
  expect(methods).not.toContain('eth_getLogs')
  const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'exact' })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  const seen: string[] = []
  stack.proxy.setOverride(({ method, params }) => {
    if (method === 'eth_getLogs') seen.push((params[0] as { fromBlock: string }).fromBlock)
    return undefined
  })
  const { number } = await devClient({ rpcUrl: stack.rpcUrl }).getBlock()
  await stack.app.reconcile()
  stack.proxy.restore()
  expect(seen.length).toBeGreaterThan(0)
  expect(seen.every((from) => BigInt(from) > number - 20n)).toBe(true)
})

test('a payment that a third party submits is found, and closes itself once its payer has used it', async () => {
  const payer = await stack.newPayer()
  const body = chatBody()
  const offer = await offerFor({ stack, body, scheme: 'exact' })
  const payment = exactPayment({ offer, payer, asset: stack.usdc })
  const { authorization, signature } = payment.payload as {
    authorization: Record<string, string>
    signature: `0x${string}`
  }
  const { r, s, v } = parseSignature(signature)
  const thief = devClient({ rpcUrl: stack.rpcUrl, account: payer.account })
  const hash = await thief.writeContract({
    address: stack.usdc.address,
    abi: parseAbi([
      'function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)',
    ]),
    functionName: 'transferWithAuthorization',
    args: ['from', 'to', 'value', 'validAfter', 'validBefore', 'nonce']
      .map((name) => authorization[name])
      .concat([String(v), r, s]) as never,
  })
  await thief.waitForTransactionReceipt({ hash })
  const found = await subjects()
  expect(found).toEqual([expect.stringContaining(hash)])
  expect((await list()).data).toHaveLength(1)
  const answer = await sendPaid({ stack, body, payment })
  await readAnswer(answer)
  await stack.settleUntilQuiet()
  expect(await subjects()).toEqual([])
  expect((await list()).data).toEqual([])
  expect((await list('?state=closed')).data[0]).toMatchObject({ closed_by: 'itself' })
})

test('a key that pays for something else is found by its gas, and a top-up is nothing', async () => {
  const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'upto' })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  await stack.settleUntilQuiet()
  expect(await subjects()).toEqual([])
  const { address } = devAccounts.signer
  await fundAccount({ rpcUrl: stack.rpcUrl, address, ether: 10n ** 18n })
  expect(await subjects()).toEqual([])
  const client = devClient({ rpcUrl: stack.rpcUrl })
  const balance = await client.getBalance({ address })
  await client.setBalance({ address, value: balance - 5n })
  await client.mine({ blocks: 1 })
  expect(await subjects()).toEqual([expect.stringMatching(/^gas of the signer/)])
  await client.setBalance({ address, value: balance })
  await client.mine({ blocks: 1 })
  expect(await subjects()).toEqual([])
  const { data } = await list('?state=closed')
  expect(data[0]).toMatchObject({ class: 'amount', closed_by: 'itself' })
})

test('what a reorganisation takes back is found, once for each fact', async () => {
  const client = devClient({ rpcUrl: stack.rpcUrl })
  await stack.app.reconcile()
  const snapshot = await client.snapshot()
  const { pay } = stockPayer({ stack, payer: await stack.newPayer(), scheme: 'exact' })
  await readAnswer(await pay(stack.chatUrl, post(chatBody())))
  await stack.settleUntilQuiet()
  expect(await subjects()).toEqual([])
  const sent = (await stack.app.listTransactions()).find(({ purpose }) => purpose.kind === 'exact')
  await client.revert({ id: snapshot })
  await client.mine({ blocks: 60 })

  const { differences } = await stack.app.reconcile()
  const lost = differences.filter(({ subject }) => subject.includes(sent?.hash ?? '-'))
  expect(lost.map((one) => [one.class, one.chain])).toEqual([
    ['ledger_only', '0'],
    ['ledger_only', 'not used'],
  ])
  // The balance of the till is explained by that: it is no second finding.
  expect(
    differences.filter(
      ({ subject }) => subject.startsWith('chain:till 0x') && !subject.includes('in transaction'),
    ),
  ).toEqual([])
  expect((await list()).data.length).toBe(differences.length)
})

test('lists page in both orders', async () => {
  const all = (await list('?state=all&order=asc')).data.map(({ id }) => id)
  expect(all.length).toBeGreaterThan(3)
  const first = await list('?state=all&order=asc&limit=2')
  expect(first).toMatchObject({ object: 'list', first_id: all[0], last_id: all[1], has_more: true })
  const next = await list(`?state=all&order=asc&limit=2&after=${all[1]}`)
  expect(next.data.map(({ id }) => id)).toEqual(all.slice(2, 4))
  const back = await list(`?state=all&order=asc&limit=2&before=${all[3]}`)
  expect(back.data.map(({ id }) => id)).toEqual(all.slice(1, 3))
  const newest = await list('?state=all&limit=1')
  expect(newest.first_id).toBe(all.at(-1))
  expect((await readError(await admin('?limit=0'))).param).toBe('limit')
})

test('the worker reconciles by itself, and its figures can be read', async () => {
  const own = await startStack({ overrides: { reconcileMs: 200, reconcileGraceMs: 0 } })
  const read = async () => (await fetch(`${own.app.url}/metrics`)).text()
  try {
    await mintUsdc({ rpcUrl: own.rpcUrl, address: own.world.payTo, amount: 3n })
    await waitUntil({
      what: 'the finding is counted',
      isSo: async () => /turnpike_reconciliation_findings\{class="chain_only"\} 1/.test(await read()),
    })
    await sleep(1_100)
    await waitUntil({
      what: 'its age grows',
      isSo: async () => /turnpike_reconciliation_oldest_finding_seconds [1-9]/.test(await read()),
    })
    const text = await read()
    expect(text).toMatch(/turnpike_ledger_invariant\{name="ledgers_balance"\} 0/)
    expect(text).toMatch(/turnpike_reconciliation_explained_share\{network="eip155:84532"\} 0/)
  } finally {
    await own.close()
  }
})
