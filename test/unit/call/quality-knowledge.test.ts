import { expect, test } from 'vitest'
import { promptFeatures } from '../../../src/call/plan/prompt-features.ts'
import { qualityKnowledge } from '../../../src/call/plan/quality-knowledge.ts'
import { payerKeyOf } from '../../../src/call/plan/site-key.ts'
import type { ReceivedCall } from '../../../src/call/types.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { UNKNOWN_SITE } from '../../../src/routing/feedback/call-site-view.ts'
import { qualityOf } from '../routing/shelf.ts'

const secret = 'a secret of the tests, 32 characters'
const quality = qualityOf({})
const wallet = { kind: 'wallet', id: `0x${'a'.repeat(40)}` } as const

const requestOf = (fields: object) =>
  readChatRequest({
    body: Buffer.from(
      JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'How many?' }], ...fields }),
    ),
  })

const received = (over: Partial<ReceivedCall> = {}): ReceivedCall =>
  ({ request: requestOf({}), requestHash: 'h', receivedAtMs: 1_000, ...over }) as ReceivedCall

/** Call sites that note for whom they were asked. */
function sitesAsked() {
  const asked: string[] = []
  const sites = {
    of(siteKey: string) {
      asked.push(siteKey)
      return UNKNOWN_SITE
    },
  }
  return { asked, sites }
}

test('words are read, a site asked for and a lot drawn where a model is to be chosen, and nowhere else', () => {
  const { sites } = sitesAsked()
  const dependencies = { quality, sites, secret }
  const chosen = qualityKnowledge({ received: received(), dependencies })
  expect(Object.keys(chosen).toSorted()).toEqual(['explorationSeed', 'features', 'quality', 'site'])
  const named = received({ request: requestOf({ model: 'a/b' }) })
  expect(qualityKnowledge({ received: named, dependencies })).toEqual({ quality })
  expect(qualityKnowledge({ received: received(), dependencies: { sites, secret } })).toEqual({})
})

test('who has opted out neither explores nor has experience counted', () => {
  const { sites } = sitesAsked()
  const off = qualityKnowledge({
    received: received({ feedback: 'off' }),
    dependencies: { quality, sites, secret },
  })
  expect(Object.keys(off).toSorted()).toEqual(['features', 'quality'])
})

test('experience is that of the wallet that says it will pay, and of nobody where none does', () => {
  const { asked, sites } = sitesAsked()
  for (const over of [{}, { claimedPayer: wallet }])
    qualityKnowledge({ received: received(over), dependencies: { quality, sites, secret } })
  const [nobody, own] = asked
  expect(nobody?.endsWith('~')).toBe(true)
  expect(own).toBe(`${nobody}${payerKeyOf({ payer: wallet, secret })}`)
})

test('the last turn of the user is what is read; what else the conversation has shuts the gate', () => {
  const tool = { type: 'function', function: { name: 'add', parameters: { type: 'object' } } }
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is 2 + 2?' },
    { role: 'assistant', content: 'Four.' },
    { role: 'tool', tool_call_id: 'a', content: 'x'.repeat(70) },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'And why ' },
        { type: 'text', text: 'is that?' },
      ],
    },
  ]
  const whole = promptFeatures(requestOf({ messages, tools: [tool] }))
  expect(whole?.words).toHaveLength(4)
  expect(whole?.request).toMatchObject({ turns: 2, toolCount: 1, hasResponseFormat: false })
  expect(whole?.request.toolResultShare).toBeCloseTo(70 / (70 + 14 + 17), 6)
})

test('there is nothing to read in a picture, in silence, or in texts that are to be embedded', () => {
  const picture = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }]
  expect(promptFeatures(requestOf({ messages: [{ role: 'user', content: picture }] }))).toBeUndefined()
  expect(promptFeatures(requestOf({ messages: [{ role: 'system', content: 'Go.' }] }))).toBeUndefined()
  const embedding = { ...requestOf({}), kind: 'embedding' as const, fields: { input: 'text' } }
  expect(promptFeatures(embedding)).toBeUndefined()
})

test('a request is read once, however often it is planned', () => {
  const request = requestOf({})
  expect(promptFeatures({ ...request, model: 'a/b' })).toBe(promptFeatures(request))
})
