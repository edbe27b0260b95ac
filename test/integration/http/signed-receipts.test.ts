import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  decodeSignedOffers,
  extractOffersFromPaymentRequired,
  extractReceiptFromResponse,
  isEIP712SignedOffer,
  isEIP712SignedReceipt,
  verifyOfferSignatureEIP712,
  verifyReceiptMatchesOffer,
  verifyReceiptSignatureEIP712,
} from '@x402/extensions/offer-receipt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyReceipt } from '../../../src/cli/receipt.ts'
import { type SignedCallReceipt, verifyCallReceipt } from '../../../src/payment/receipts/signed-receipt.ts'
import { chatBody, MODEL, post } from '../../support/chat.ts'
import { type Payer, startStack, type Stack } from '../../support/start-stack.ts'
import { decodeBase64, stockPayer } from '../../support/stock-payer.ts'

let stack: Stack
let payer: Payer
const folder = mkdtempSync(join(tmpdir(), 'receipts-'))
beforeAll(async () => {
  stack = await startStack()
  payer = await stack.newPayer()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await stack.close()
})

const BODY = chatBody({ question: 'What is proved?' })
const SIGNED = { 'x-turnpike-receipt': 'signed' }
const signer = () => stack.world.addresses.receiverAuthorizer

type Kept = {
  extensions: { 'offer-receipt': { info: { call: SignedCallReceipt } } }
  extra: { chargedAmount: string }
}

async function paid(scheme: 'batch-settlement' | 'upto' | 'exact', body = BODY) {
  const { pay } = stockPayer({ stack, payer, scheme })
  const response = await pay(stack.chatUrl, post(body, SIGNED))
  const text = await response.text()
  const header = response.headers.get('payment-response') ?? ''
  // A stream has its receipt at its end, as a comment.
  const kept = header === '' ? undefined : (decodeBase64(header) as Kept)
  return { response, text, header, kept }
}
function callOf(kept: Kept | undefined): SignedCallReceipt {
  if (!kept) throw new Error('There is no receipt.')
  return kept.extensions['offer-receipt'].info.call
}

test.each(['batch-settlement', 'upto', 'exact'] as const)(
  '%s: the published package verifies receipt and offers',
  async (scheme) => {
    const asked = await fetch(stack.chatUrl, post(BODY, SIGNED))
    const required = decodeBase64(asked.headers.get('payment-required') ?? '') as never
    const offers = extractOffersFromPaymentRequired(required)
    expect(offers.length).toBeGreaterThan(0)
    for (const offer of offers) {
      if (!isEIP712SignedOffer(offer)) throw new Error('An offer is signed otherwise.')
      expect((await verifyOfferSignatureEIP712(offer)).signer.toLowerCase()).toBe(signer())
    }
    const { response } = await paid(scheme)
    const receipt = extractReceiptFromResponse(response)
    if (!receipt || !isEIP712SignedReceipt(receipt)) throw new Error('There is no signed receipt.')
    expect((await verifyReceiptSignatureEIP712(receipt)).signer.toLowerCase()).toBe(signer())
    const [offer] = decodeSignedOffers(offers)
    if (!offer) throw new Error('There is no offer.')
    expect(verifyReceiptMatchesOffer(receipt, offer, [payer.address])).toBe(true)
  },
)

test('ours says for which body, at which prices and how much, and holds', async () => {
  const { kept } = await paid('batch-settlement')
  const signed = callOf(kept)
  const requestHash = `0x${createHash('sha256').update(BODY).digest('hex')}` as const
  const verdict = verifyCallReceipt({ signed, signer: signer(), requestHash })
  expect(verdict.problems).toEqual([])
  expect(signed.payload).toMatchObject({
    model: MODEL,
    payer: payer.address,
    outcome: 'completed',
    requestHash,
  })
  expect(signed.payload.charge).toBe(kept?.extra.chargedAmount)
  // The prices in it are those that are published.
  const models = (await (await fetch(`${stack.app.url}/v1/models/${MODEL}`)).json()) as {
    pricing: { prompt: string; completion: string }
  }
  const perToken = (usd: string) => BigInt(Math.round(Number(usd) * 1e12)).toString()
  expect(signed.payload.pricesPicoUsd).toMatchObject({
    inputUncached: perToken(models.pricing.prompt),
    outputText: perToken(models.pricing.completion),
  })
})

test('a stream has it in its comment', async () => {
  const { text } = await paid('upto', chatBody({ question: 'And streamed?', stream: true }))
  const comment = /^: payment-response (.*)$/m.exec(text)?.[1] ?? ''
  const signed = callOf(decodeBase64(comment) as Kept)
  expect(verifyCallReceipt({ signed, signer: signer() }).problems).toEqual([])
})

test('who does not ask gets none, and is asked no more', async () => {
  const { pay } = stockPayer({ stack, payer, scheme: 'upto' })
  const response = await pay(stack.chatUrl, post(BODY))
  expect(extractReceiptFromResponse(response)).toBeUndefined()
  const asked = await fetch(stack.chatUrl, post(BODY))
  expect(
    extractOffersFromPaymentRequired(decodeBase64(asked.headers.get('payment-required') ?? '') as never),
  ).toEqual([])
})

const FORGERIES: readonly (readonly [
  name: string,
  change: (payload: SignedCallReceipt['payload']) => object,
])[] = [
  ['charge', ({ charge }) => ({ charge: (BigInt(charge) - 1n).toString() })],
  ['payer', () => ({ payer: '0x000000000000000000000000000000000000dead' })],
  ['model', () => ({ model: 'openai/gpt-4o' })],
  ['usage', ({ usage }) => ({ usage: { ...usage, outputText: usage.outputText + 1 } })],
  ['prices', ({ pricesPicoUsd }) => ({ pricesPicoUsd: { ...pricesPicoUsd, audio: '1' } })],
  ['chain', () => ({ network: 'eip155:8453' })],
  ['time', ({ issuedAt }) => ({ issuedAt: issuedAt + 1 })],
  ['request', () => ({ requestHash: `0x${'00'.repeat(32)}` })],
]

test('a receipt that somebody has changed in any field is not signed by the server', async () => {
  const signed = callOf((await paid('upto')).kept)
  for (const [name, change] of FORGERIES) {
    const forged = { ...signed, payload: { ...signed.payload, ...change(signed.payload) } }
    const { problems } = verifyCallReceipt({ signed: forged, signer: signer() })
    expect(problems.length, name).toBeGreaterThan(0)
  }
})

test('the command verifies the header as it came, offline, and says what is wrong', async () => {
  const { header } = await paid('upto')
  const path = join(folder, 'receipt')
  const body = join(folder, 'body')
  writeFileSync(path, header)
  writeFileSync(body, BODY)
  const said: string[] = []
  const write = process.stdout.write.bind(process.stdout)
  const verify = (more: object) => {
    said.length = 0
    process.stdout.write = (text: string) => said.push(text) > 0
    try {
      return verifyReceipt({ path, json: false, ...more })
    } finally {
      process.stdout.write = write
    }
  }
  expect(verify({ signer: signer(), body })).toBe(0)
  expect(said.join('')).toContain('The receipt is good')
  expect(verify({ signer: payer.address })).toBe(1)
  expect(said.join('')).toContain('not by')
  writeFileSync(body, `${BODY} `)
  expect(verify({ body, json: true })).toBe(1)
  expect(JSON.parse(said.join(''))).toMatchObject({
    valid: false,
    problems: ['It is for another request body.'],
  })
  writeFileSync(path, 'nothing')
  expect(verify({})).toBe(1)
})
