import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import { createSignatureCheck } from '../../../src/payment/signing/signature.ts'
import { type AdminWorld, codeOf, openAdminWorld } from '../../support/admin-world.ts'
import { creditPayer, type CreditPayer } from '../../support/credit-payer.ts'
import { TERMS } from '../../support/routed-stack.ts'
import { makeTenant, type Tenant } from '../../support/tenant.ts'

let world: AdminWorld
let acme: Tenant
let aheadMs = 0

beforeAll(async () => {
  world = await openAdminWorld({
    nowMs: () => Date.now() + aheadMs,
    call: {
      terms: TERMS,
      secret: 'the secret of these challenges',
      signatures: createSignatureCheck(),
      catalog: buildCatalog({ models: [], endpoints: [] }),
      marginBps: 0,
    },
  })
  acme = await makeTenant({ world, name: 'Acme' })
})
afterAll(async () => {
  expect(world.errors).toEqual([])
  await world.close()
})

type Link = { readonly address: string; readonly unit_id: string }

const link = (body: Link, proof?: string, token = acme.owner.token) =>
  world.ask('POST', '/wallets', {
    token,
    body,
    ...(proof === undefined ? {} : { headers: { 'sign-in-with-x': proof } }),
  })

/** The challenge of a link, signed by a wallet. */
async function proofFor(body: Link, by: CreditPayer): Promise<string> {
  const asked = await link(body)
  expect([asked.status, codeOf(asked)]).toEqual([402, 'sign_in_required'])
  return by.prove(asked.headers.get('payment-required') ?? '')
}
const rowOf = (address: string) =>
  world.storage.governance.get({ resource: 'wallets', tenant: acme.ids.organizations, id: address })

test('a key links a wallet by the wallet’s own signature: the 402 asks for it, and the log says which member did it', async () => {
  const wallet = creditPayer('the wallet of an agent')
  const body = { address: wallet.address, unit_id: acme.ids.units }
  const proof = await proofFor(body, wallet)
  expect(await rowOf(wallet.address)).toBeUndefined()
  const linked = await link(body, proof)
  expect([linked.status, linked.body]).toMatchObject([
    201,
    { id: wallet.address, organization_id: acme.ids.organizations, linked_at: expect.any(String) },
  ])
  const { body: principal } = await world.ask('GET', `/principals/${wallet.address}`)
  expect(principal).toMatchObject({ kind: 'wallet', unit_id: acme.ids.units })
  const { body: log } = await world.ask('GET', `/audit?organization=${acme.ids.organizations}&limit=1`)
  expect(log).toMatchObject({
    data: [{ action: 'wallets:link', actor: { kind: 'key', id: acme.owner.keyId } }],
  })
})

test('a signature links its own wallet, and no other', async () => {
  const [mine, other] = [creditPayer('mine'), creditPayer('of somebody else')]
  const body = { address: other.address, unit_id: acme.ids.units }
  // Signed for just this link, by a wallet that is not the one of it.
  const refused = await link(body, await proofFor(body, mine))
  expect([refused.status, codeOf(refused)]).toEqual([401, 'sign_in_invalid'])
  expect(await rowOf(other.address)).toBeUndefined()
  expect(await rowOf(mine.address)).toBeUndefined()
})

test('a signature is for one unit: it does not take the wallet into another, or another organisation', async () => {
  const wallet = creditPayer('wanted in many places')
  const proof = await proofFor({ address: wallet.address, unit_id: acme.ids.units }, wallet)
  const elsewhere = await link({ address: wallet.address, unit_id: acme.team }, proof)
  expect([elsewhere.status, codeOf(elsewhere)]).toEqual([401, 'sign_in_invalid'])
  const theirs = await makeTenant({ world, name: 'They' })
  const body = { address: wallet.address, unit_id: theirs.ids.units }
  const taken = await link(body, proof, theirs.owner.token)
  expect([taken.status, codeOf(taken)]).toEqual([401, 'sign_in_invalid'])
  expect(await rowOf(wallet.address)).toBeUndefined()
})

test('a signature is over after its time, and one that was changed is none', async () => {
  const wallet = creditPayer('too late')
  const body = { address: wallet.address, unit_id: acme.ids.units }
  const proof = await proofFor(body, wallet)
  const told = JSON.parse(Buffer.from(proof, 'base64').toString()) as Record<string, string>
  const forged = { ...told, address: creditPayer('not the signer').address }
  const other = await link(
    { ...body, address: forged.address },
    Buffer.from(JSON.stringify(forged)).toString('base64'),
  )
  expect(codeOf(other)).toBe('sign_in_invalid')
  aheadMs = 3_600_000
  expect(codeOf(await link(body, proof))).toBe('sign_in_invalid')
  aheadMs = 0
  expect(await rowOf(wallet.address)).toBeUndefined()
})

test('who may not link wallets there is not asked for a signature', async () => {
  const viewer = await world.member({ unitId: acme.ids.units, role: 'viewer' })
  const wallet = creditPayer('never asked')
  const answer = await link({ address: wallet.address, unit_id: acme.ids.units }, undefined, viewer.token)
  expect([answer.status, codeOf(answer)]).toEqual([403, 'permission_denied'])
})
