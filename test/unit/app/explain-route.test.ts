import { expect, test } from 'vitest'
import { explainRoute, readWhatIf, replay } from '../../../src/app/explain-route.ts'
import { catalogOf } from '../../../src/app/defaults.ts'

const catalog = catalogOf({ simulated: false })
const explain = (fields: object, path = '/v1/chat/completions') =>
  explainRoute({
    body: Buffer.from(
      JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Say hi' }], ...fields }),
    ),
    path,
    catalog,
    marginBps: 500,
  })

test('a request is explained without being sent, and replayed under the same weights it comes out the same', async () => {
  const { explanation, plan, reason } = await explain({ model: 'auto:cost' })
  expect(plan[0]).toBe(explanation.candidates[0]?.endpoint)
  expect(reason).toContain('by cost')
  const again = replay({ explanation, weights: {} })
  expect(again.map(({ endpoint }) => endpoint)).toEqual(
    explanation.candidates.map(({ endpoint }) => endpoint),
  )
  for (const [index, { score }] of again.entries())
    expect(score).toBeCloseTo(explanation.candidates[index]?.score ?? 0, 12)
})

test('other weights put other candidates first, by the stored figures alone', async () => {
  const { explanation } = await explain({})
  const dear = replay({ explanation, weights: { cost: 100 } })
  const prices = dear.map(({ inputs }) => inputs.costPicoUsd)
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
  expect(
    replay({ explanation, weights: { quality: 0, cost: 0, latency: 0, availability: 0 } })[0]?.score,
  ).toBeCloseTo(0)
})

test('a what-if is a strategy or weights, and nothing else', () => {
  expect(readWhatIf('latency')).toMatchObject({ weights: { latency: 0.4 }, caution: 0.3 })
  expect(readWhatIf('{"cost":0.5}')).toEqual({ weights: { cost: 0.5 } })
  for (const text of ['fastest', '{}', '{"speed":1}', '{"cost":"much"}', '[1]', 'null'])
    expect(readWhatIf(text)).toBeUndefined()
})

test('it is refused as the server would refuse it', async () => {
  await expect(explain({ model: 'openai/gpt-4o-mimi' })).rejects.toThrow('Did you mean "openai/gpt-4o-mini"?')
  await expect(explain({}, '/v1/elsewhere')).rejects.toMatchObject({ code: 'invalid_field' })
})
