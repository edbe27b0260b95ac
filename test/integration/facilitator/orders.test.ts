import { openFacilitator } from '../../../src/app/open-facilitator.ts'
import { expect, test } from 'vitest'
import { type OrderBody, orderV2 } from '../../support/facilitator-orders.ts'
import { useFacilitator } from '../../support/facilitator-world.ts'

const world = useFacilitator()

const SCHEMES = [
  ['exact in USDC', 'usdc', 'exact'],
  ['exact in USDT', 'usdt', 'exact'],
  ['upto', 'usdc', 'upto'],
] as const

test.each(SCHEMES)(
  '%s: ten orders for one payment are one transaction and one answer',
  async (_name, token, scheme) => {
    const body = await orderV2({
      payer: await world.stack.newPayer(),
      asset: world.stack[token],
      payTo: world.seller,
      scheme,
      facilitatorAddress: world.facilitator.address,
    })
    const before = await world.sentByKey()
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.answerTo('/settle', body)))
    expect(answers[0]).toMatchObject({ success: true })
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toHaveLength(1)
    expect((await world.sentByKey()) - before).toBe(1)

    // A process that has forgotten asks the chain.
    const second = await openFacilitator(world.optionsOf())
    expect(await world.answerTo('/settle', body, second.url)).toEqual(answers[0])
    expect((await world.sentByKey()) - before).toBe(1)
    await second.close()
  },
)

test('thirty payments at once are thirty transactions of one key', async () => {
  const payer = await world.stack.newPayer()
  const bodies = await Promise.all(
    Array.from({ length: 30 }, () =>
      orderV2({ payer, asset: world.stack.usdc, payTo: world.seller, amount: '100' }),
    ),
  )
  const before = await world.sentByKey()
  const answers = await Promise.all(bodies.map((body) => world.answerTo('/settle', body)))
  expect(answers.filter(({ success }) => success)).toHaveLength(30)
  expect((await world.sentByKey()) - before).toBe(30)
})

test('an upto payment is settled below its maximum, once; another amount is refused', async () => {
  const payer = await world.stack.newPayer()
  const body = await orderV2({
    payer,
    asset: world.stack.usdc,
    payTo: world.seller,
    scheme: 'upto',
    facilitatorAddress: world.facilitator.address,
  })
  const charge = (amount: string): OrderBody => ({
    ...body,
    paymentRequirements: { ...body.paymentRequirements, amount },
  })
  expect(await world.answerTo('/settle', charge('10001'))).toMatchObject({ success: false, transaction: '' })
  expect(await world.answerTo('/settle', charge('4000'))).toMatchObject({ success: true, amount: '4000' })
  expect(await world.answerTo('/settle', charge('5000'))).toMatchObject({
    success: false,
    errorReason: 'duplicate_settlement',
  })
})
