import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { countDuring, useLyingProvider } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer, readError } from '../../support/chat.ts'
import { SCRIPTED_MODEL, sendStream, streamOf, USUAL_USAGE } from '../../support/scripted-provider.ts'
import { stockPayer } from '../../support/stock-payer.ts'

const { stack, scripted } = useLyingProvider()

/** A place inside our network that no caller and no provider may make us ask. */
let inside: Server
let asked = 0
let secretUrl: string

beforeAll(async () => {
  inside = createServer((_request, response) => {
    asked += 1
    response.end('a secret of the network')
  })
  inside.listen(0, '127.0.0.1')
  await once(inside, 'listening')
  const { port } = inside.address() as AddressInfo
  secretUrl = `http://127.0.0.1:${port}/latest/meta-data/`
})
afterAll(() => {
  inside.closeAllConnections()
  inside.close()
})

const newPay = async () => stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme: 'upto' }).pay

/** A request that names the place wherever a URL may stand. */
const bodyWith = (url: string) =>
  chatBody({
    model: SCRIPTED_MODEL,
    stream: true,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: `Read ${url}` },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
  })

test('addresses in a request are the provider’s to read: we fetch none of them', async () => {
  scripted().setAnswer(({ response }) => sendStream(response, streamOf({ usage: USUAL_USAGE })))
  const pay = await newPay()
  const { port } = new URL(secretUrl)
  const places = [
    secretUrl,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `http://2130706433:${port}/`,
    `http://0x7f.1:${port}/`,
    `http://localhost:${port}/`,
    'http://169.254.169.254/latest/meta-data/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_FLUSHALL',
  ]
  for (const place of places) {
    const { value, charged } = await countDuring({
      stack: stack(),
      attack: async () => readAnswer(await pay(stack().chatUrl, post(bodyWith(place)))),
    })
    expect(charged).toBe(BigInt(value.turnpike.charge))
  }
  expect(scripted().seen).toHaveLength(places.length)
  expect(asked).toBe(0)
})

test.each([301, 302, 307, 308])(
  'a provider that answers %i and another address is a provider that failed: no key and no prompt goes there',
  async (status) => {
    scripted().setAnswer(({ response }) => {
      response.writeHead(status, { location: secretUrl })
      response.end()
    })
    const pay = await newPay()
    const { value, charged } = await countDuring({
      stack: stack(),
      attack: () => pay(stack().chatUrl, post(chatBody({ model: SCRIPTED_MODEL }))),
    })
    expect(value.status).toBe(502)
    expect((await readError(value)).code).toBe('upstream_error')
    expect(charged).toBe(0n)
    expect(asked).toBe(0)
  },
)

test('no header and no field of a caller chooses where a request goes', async () => {
  const { value, upstreamCalls, charged } = await countDuring({
    stack: stack(),
    attack: async () => {
      const statuses: number[] = []
      for (const name of [
        'x-base-url',
        'x-custom-host',
        'x-portkey-custom-host',
        'x-forwarded-host',
        'x-provider',
      ]) {
        const response = await fetch(stack().chatUrl, post(chatBody(), { [name]: secretUrl }))
        statuses.push(response.status)
        await response.arrayBuffer()
      }
      for (const field of ['api_base', 'base_url', 'custom_llm_provider', 'endpoint']) {
        const response = await fetch(stack().chatUrl, post(chatBody({ [field]: secretUrl })))
        statuses.push(response.status)
        await response.arrayBuffer()
      }
      return statuses
    },
  })
  expect(value).toEqual([402, 402, 402, 402, 402, 400, 400, 400, 400])
  expect({ upstreamCalls, charged }).toEqual({ upstreamCalls: 0, charged: 0n })
  expect(asked).toBe(0)
})
