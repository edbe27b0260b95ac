import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeOf, type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'

let stack: GovernedStack
beforeAll(async () => {
  stack = await startGovernedStack({
    endpoints: [
      { modelId: 'small/one', providerId: 'alpha', inputPicoUsd: 1_000_000n, outputPicoUsd: 1_000_000n },
    ],
    answer: { firstTokenMs: 60, minTokens: 10, maxTokens: 20 },
  })
})
afterAll(() => stack.close())

const body = { model: 'small/one', max_tokens: 50 }

test('requests beyond the rate are 429 with Retry-After, and every answer says what is left', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ unit }) => ({ rates: [{ place: unit, metric: 'requests', limit: 2 }] }),
  })
  const first = await stack.ask({ key, body })
  expect(first.status).toBe(200)
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2')
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1')
  expect((await stack.ask({ key, body })).status).toBe(200)
  const third = await stack.ask({ key, body })
  expect(codeOf(third)).toBe('429 rate_limit_exceeded')
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(third.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  expect(stack.alerts.at(-1)).toMatchObject({
    type: 'rate.limited',
    data: { limit: '2', metric: 'requests' },
  })
})

test('tokens are taken at the worst case, and what was not used is given back', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ key: atKey }) => ({ rates: [{ place: atKey, metric: 'tokens', limit: 1_000 }] }),
  })
  const first = await stack.ask({ key, body: { ...body, max_tokens: 800 } })
  expect(first.status).toBe(200)
  expect(Number(first.headers.get('x-ratelimit-remaining-tokens'))).toBeLessThan(200)
  await expect
    .poll(async () => (await stack.ask({ key, body: { ...body, max_tokens: 700 } })).status)
    .toBe(200)
  const tooLarge = await stack.ask({ key, body: { ...body, max_tokens: 5_000 } })
  expect(codeOf(tooLarge)).toBe('400 request_above_rate')
})

test('no more calls run at once than may, and one that has ended makes room', async () => {
  const { key } = await stack.createOrganization({
    rows: ({ principal }) => ({ rates: [{ place: principal, metric: 'concurrent', limit: 2 }] }),
  })
  const together = await Promise.all(Array.from({ length: 5 }, () => stack.ask({ key, body })))
  expect(together.filter(({ status }) => status === 200)).toHaveLength(2)
  expect(together.filter(({ status }) => status === 429)).toHaveLength(3)
  await expect.poll(async () => (await stack.ask({ key, body })).status).toBe(200)
})

test('who is refused for another reason has its share back', async () => {
  const { key } = await stack.createOrganization({
    balancePicoUsd: 1n,
    rows: ({ principal }) => ({ rates: [{ place: principal, metric: 'concurrent', limit: 1 }] }),
  })
  for (let index = 0; index < 3; index += 1) {
    await expect.poll(async () => codeOf(await stack.ask({ key, body }))).toBe('403 balance_insufficient')
  }
})
