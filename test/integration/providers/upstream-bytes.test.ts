import { expect, test } from 'vitest'
import type { UpstreamEnd } from '../../../src/chat/types.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { CANARY, useUpstreams } from './upstream-world.ts'

/** What the bytes of an answer are taken for, where a provider ends them in its own way. */
const world = useUpstreams()
const { ask, failure, startRaw, connect } = world

const CONTENT = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
const FINISH = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'

/** Answers with an event stream of exactly these bytes, then ends, breaks, or leaves the connection open. */
async function rawStream(text: string, then: 'end' | 'break' | 'open'): Promise<UpstreamEnd | TurnpikeError> {
  const { url } = await startRaw((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (then === 'end') return void response.end(text)
    response.write(text, () => {
      if (then === 'break') setTimeout(() => response.destroy(), 10)
    })
    return undefined
  })
  try {
    return (await ask({ via: connect(url) })).end
  } catch (error) {
    if (error instanceof TurnpikeError) return error
    throw error
  }
}

test('what counts as a whole stream', async () => {
  expect(await rawStream(`${CONTENT}${FINISH}data: [DONE]\n\n`, 'end')).toMatchObject({
    outcome: 'completed',
  })
  expect(await rawStream(`${CONTENT}${FINISH}`, 'end')).toMatchObject({ outcome: 'completed' })
  expect(await rawStream(`${CONTENT}data: [DONE]`, 'end')).toMatchObject({ outcome: 'completed' })
  expect(await rawStream(`${CONTENT}${FINISH}${USAGE}data: [DONE]\n\n`, 'open')).toMatchObject({
    outcome: 'completed',
    usage: { outputText: 1 },
  })
  expect(await rawStream(`${CONTENT}${FINISH}${USAGE}`, 'break')).toMatchObject({ outcome: 'completed' })
  expect(await rawStream(`${CONTENT}${FINISH}`, 'break')).toMatchObject({ outcome: 'interrupted' })
  expect(await rawStream(CONTENT, 'end')).toMatchObject({ outcome: 'interrupted' })
  expect(await rawStream('', 'end')).toMatchObject({ code: 'upstream_error' })
  expect(await rawStream('data: [DONE]\n\n', 'end')).toMatchObject({ code: 'upstream_error' })
})

test('usage repeated with zeros at the end does not wipe out the real one', async () => {
  const zero = 'data: {"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}\n\n'
  expect(await rawStream(`${CONTENT}${FINISH}${USAGE}${zero}data: [DONE]\n\n`, 'end')).toMatchObject({
    usage: { inputUncached: 1, outputText: 1 },
  })
})

test('an event without end is cut off', async () => {
  expect(await rawStream(`data: ${'x'.repeat(2 * 1024 * 1024)}`, 'open')).toMatchObject({
    code: 'upstream_error',
  })
})

test('JSON with status 200 in a stream’s place is an error, and a redirect is not followed', async () => {
  const json = await startRaw((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: CANARY } }))
  })
  expect((await failure({ via: connect(json.url) })).code).toBe('upstream_error')
  const calls = world.sim.calls()
  const redirect = await startRaw((_, response) => {
    response.writeHead(307, { location: `${world.sim.url}/chat/completions` })
    response.end()
  })
  expect((await failure({ via: connect(redirect.url) })).code).toBe('upstream_error')
  expect(world.sim.calls()).toBe(calls)
})
