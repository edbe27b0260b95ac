import { beforeAll, expect, test } from 'vitest'
import { countDuring, useLyingProvider } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { SCRIPTED_MODEL, sendStream, streamOf, USUAL_USAGE } from '../../support/scripted-provider.ts'
import { type StockPayer, stockPayer } from '../../support/stock-payer.ts'

const { stack, scripted } = useLyingProvider()
let pay: StockPayer['pay']

beforeAll(async () => {
  ;({ pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'upto' }))
})

/** JSON texts, since some of them no JSON.stringify would write. `counted`: what cannot be used is counted by us. */
const USAGES: readonly (readonly [name: string, usage: string, counted: boolean])[] = [
  ['negative', '{"prompt_tokens":-9,"completion_tokens":-1000}', true],
  ['half a token', '{"prompt_tokens":0.5,"completion_tokens":1}', true],
  ['beyond every number', '{"prompt_tokens":1e400,"completion_tokens":1}', true],
  ['beyond the exact integers', '{"prompt_tokens":9007199254740993,"completion_tokens":1}', true],
  ['a string', '{"prompt_tokens":"9","completion_tokens":1}', true],
  ['a list', '[9,1]', true],
  ['null', 'null', true],
  ['nothing', '{}', true],
  ['zero', '{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}', true],
  ['the largest integer', '{"prompt_tokens":9007199254740991,"completion_tokens":9007199254740991}', false],
  [
    'parts larger than their whole',
    '{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4000000000}}',
    false,
  ],
  [
    'negative parts',
    '{"prompt_tokens":9,"completion_tokens":1,"completion_tokens_details":{"reasoning_tokens":-5}}',
    true,
  ],
]

test.each(USAGES)(
  'usage that is %s charges at least nothing and at most the ceiling',
  async (_name, usage, counted) => {
    scripted().setAnswer(({ response, isStreamed }) => {
      if (isStreamed) return sendStream(response, streamOf({ usage }))
      const completion = `{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":${usage}}`
      response.writeHead(200, { 'content-type': 'application/json' })
      return response.end(completion)
    })
    for (const stream of [true, false]) {
      const asked = scripted().seen.length
      const { value, charged } = await countDuring({
        stack: stack(),
        attack: async () => {
          const response = await pay(stack().chatUrl, post(chatBody({ model: SCRIPTED_MODEL, stream })))
          expect(response.status).toBe(200)
          return response.text()
        },
      })
      expect(scripted().seen.length - asked).toBe(1)
      expect(value).toContain('Hello')
      const ceiling = BigInt(/"ceiling":"(\d+)"/.exec(value)?.[1] ?? -1)
      expect(charged).toBeGreaterThanOrEqual(0n)
      expect(charged).toBeLessThanOrEqual(ceiling)
      expect(value).toContain(`"charge":"${charged}"`)
      expect(value.includes('"usage_estimated":true')).toBe(counted)
    }
  },
)

test('an honest usage between them is charged as it is', async () => {
  scripted().setAnswer(({ response }) => sendStream(response, streamOf({ usage: USUAL_USAGE })))
  const { value, charged } = await countDuring({
    stack: stack(),
    attack: async () =>
      readAnswer(await pay(stack().chatUrl, post(chatBody({ model: SCRIPTED_MODEL, stream: true })))),
  })
  expect(charged).toBe(BigInt(value.turnpike.charge))
  expect(value.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 1 })
})
