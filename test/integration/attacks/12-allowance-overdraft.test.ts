import { expect, test } from 'vitest'
import { chargedSoFar, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, readError } from '../../support/chat.ts'
import type { Payer } from '../../support/start-stack.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { offerFor, sendPaid, uptoPayment } from '../../support/wire-payment.ts'

const stack = useAttackedStack()

/** A ceiling of about nine cents. */
const DEAR = { model: 'xai/grok-4-0709', max_tokens: 5_500 } as const

/** Sends permits at once while the provider never answers, so that nothing is released before everything is decided. */
async function overdraw({ payer, count }: { payer: Payer; count: number }) {
  const bodies = Array.from({ length: count }, () => chatBody(DEAR))
  const offers = await Promise.all(bodies.map((body) => offerFor({ stack: stack(), body, scheme: 'upto' })))
  const payments = offers.map((offer) => uptoPayment({ offer, payer }))
  stack().provider.setFaults({ hang: true })
  const calls = stack().provider.calls()
  const hangUp = new AbortController()
  const refusals: Promise<string>[] = []
  const sent = bodies.map(async (body, index) => {
    const request = { stack: stack(), body, payment: payments[index], signal: hangUp.signal }
    const response = await sendPaid(request).catch(() => undefined)
    if (response) refusals.push(readError(response).then(({ code }) => `${response.status} ${code}`))
  })
  await waitUntil({
    what: 'every call is decided',
    isSo: () => refusals.length + stack().provider.running() === count,
  })
  const admitted = stack().provider.calls() - calls
  const codes = new Set(await Promise.all(refusals))
  hangUp.abort()
  await Promise.all(sent)
  await waitUntil({ what: 'every upstream was hung up on', isSo: () => stack().provider.running() === 0 })
  return { admitted, codes, ceilingAtomic: BigInt(offers[0]?.amount ?? 0) }
}

test('fifty permits over a balance that covers ten admit exactly ten', async () => {
  const charged = await chargedSoFar(stack())
  const probe = await offerFor({ stack: stack(), body: chatBody(DEAR), scheme: 'upto' })
  const ceilingAtomic = BigInt(probe.amount)
  // One unit less than eleven ceilings.
  const payer = await stack().newPayer({ usdc: 11n * ceilingAtomic - 1n })
  const { admitted, codes, ceilingAtomic: asked } = await overdraw({ payer, count: 50 })
  expect(asked).toBe(ceilingAtomic)
  expect(admitted).toBe(10)
  expect(codes).toEqual(new Set(['402 exposure_exceeded']))
  expect(await chargedSoFar(stack())).toBe(charged)
})

test('however rich a payer is, its unsettled permits reach the cap of one dollar and no further', async () => {
  const payer = await stack().newPayer({ usdc: 1_000_000_000n })
  const { admitted, codes, ceilingAtomic } = await overdraw({ payer, count: 20 })
  expect(admitted).toBe(Number(1_000_000n / ceilingAtomic))
  expect(codes).toEqual(new Set(['402 exposure_exceeded']))
})

test('what is charged and not settled yet counts as well: the room comes back with the settlement', async () => {
  const payer = await stack().newPayer({ usdc: 1_000_000_000n })
  // Charges stay receivables, as they would while a chain is congested.
  stack().proxy.setOverride(({ method }) =>
    method === 'eth_sendRawTransaction' || method === 'eth_estimateGas'
      ? { error: { code: -32_005, message: 'limit' } }
      : undefined,
  )
  let spent = 0n
  let refusal: string | undefined
  for (let call = 0; call < 40 && refusal === undefined; call += 1) {
    const body = chatBody(DEAR)
    const offer = await offerFor({ stack: stack(), body, scheme: 'upto' })
    stack().provider.setFaults({ usageFactor: 1_000 })
    const response = await sendPaid({ stack: stack(), body, payment: uptoPayment({ offer, payer }) })
    if (response.status === 200) spent += BigInt(offer.amount)
    else refusal = (await readError(response)).code
  }
  expect(refusal).toBe('exposure_exceeded')
  expect(spent).toBeLessThanOrEqual(1_000_000n)
  expect(spent).toBeGreaterThan(800_000n)
  stack().proxy.restore()
  await stack().settleUntilQuiet()
  stack().provider.setFaults()
  const body = chatBody(DEAR)
  const offer = await offerFor({ stack: stack(), body, scheme: 'upto' })
  expect((await sendPaid({ stack: stack(), body, payment: uptoPayment({ offer, payer }) })).status).toBe(200)
})
