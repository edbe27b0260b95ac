import { expect, test } from 'vitest'
import { countDuring, useLyingProvider } from '../../support/attacked-stack.ts'
import { chargeFor, chatBody, FEE_PICO_USD, post, readAnswer } from '../../support/chat.ts'
import { SCRIPTED_MODEL, sendStream, streamOf } from '../../support/scripted-provider.ts'
import { stockPayer } from '../../support/stock-payer.ts'

const { stack, scripted } = useLyingProvider()

const newPay = async (scheme: 'batch-settlement' | 'upto' | 'exact') =>
  stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme }).pay

test.each(['batch-settlement', 'upto', 'exact'] as const)(
  'a provider that counts a hundredfold is not paid above the ceiling by a %s caller',
  async (scheme) => {
    const pay = await newPay(scheme)
    stack().provider.setFaults({ usageFactor: 100 })
    const { value, upstreamCalls, charged } = await countDuring({
      stack: stack(),
      attack: async () => readAnswer(await pay(stack().chatUrl, post(chatBody()))),
    })
    expect(upstreamCalls).toBe(1)
    expect(chargeFor(value)).toBeGreaterThan(BigInt(value.turnpike.ceiling))
    expect(value.turnpike.charge).toBe(value.turnpike.ceiling)
    expect(charged).toBe(BigInt(value.turnpike.ceiling))
  },
)

test('what an honest provider counts is charged to the unit, with the tokens beside it', async () => {
  const pay = await newPay('upto')
  const { value, charged } = await countDuring({
    stack: stack(),
    attack: async () => readAnswer(await pay(stack().chatUrl, post(chatBody({ stream: true })))),
  })
  expect(value.usage.completion_tokens).toBeGreaterThan(0)
  expect(charged).toBe(chargeFor({ ...value, feePicoUsd: FEE_PICO_USD }))
})

test('reasoning that nobody sees is charged as output, and it too ends at the ceiling', async () => {
  const usage = JSON.stringify({
    prompt_tokens: 9,
    completion_tokens: 1_000_000,
    total_tokens: 1_000_009,
    completion_tokens_details: { reasoning_tokens: 999_999 },
  })
  scripted().setAnswer(({ response }) => sendStream(response, streamOf({ usage })))
  const pay = await newPay('upto')
  const { value, charged } = await countDuring({
    stack: stack(),
    attack: async () =>
      readAnswer(await pay(stack().chatUrl, post(chatBody({ model: SCRIPTED_MODEL, stream: true })))),
  })
  expect(charged).toBe(BigInt(value.turnpike.ceiling))
  expect(value.receipt?.extra?.chargedAmount).toBe(value.turnpike.ceiling)
})
