import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../../src/dev/simulated-provider/start-simulated-provider.ts'
import { KEYS, wireReader } from './wire-reader.ts'
import { at, type Fields, WIRES } from './wires.ts'

/** What the three faces of the simulated provider write, byte for byte, in health and under every fault. */
let sim: SimulatedProvider

beforeAll(async () => {
  sim = await startSimulatedProvider({ firstTokenMs: 0, tokensPerSecond: 0, models: ['a/b'] })
})
afterAll(() => sim.close())

const { send, readStream } = wireReader(() => sim.origin)

test('all faces say the same text, streamed and whole, and count it alike', async () => {
  const texts = new Set<string>()
  const counts = new Set<string>()
  for (const wire of WIRES) {
    const { tokens, read, hasEnd } = await readStream({ wire })
    const whole = (await (await send({ wire, stream: false })).json()) as Fields
    expect(hasEnd).toBe(true)
    texts.add(tokens.join('')).add(wire.wholeText(whole))
    counts.add(String(wire.usage(read))).add(String(wire.usage([whole])))
    expect(wire.usage(read)[1]).toBe(tokens.length)
  }
  expect([...texts]).toHaveLength(1)
  expect([...counts]).toHaveLength(1)
})

describe.each(WIRES)('$name', (wire) => {
  const faulty = (fault: string) => ({ wire, headers: { 'x-sim-fault': fault } })

  test.each([400, 429, 503, 529])('status=%i with echo is its own error', async (status) => {
    for (const stream of [true, false]) {
      const response = await send({ ...faulty(`status=${status}, retry-after=7, echo`), stream })
      expect(response.status).toBe(status)
      const body = await response.text()
      expect(wire.error(JSON.parse(body))).toEqual(wire.errorType[status])
      expect(body).toContain('canary rivers')
      const info = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' }
      const isGemini = wire.name === 'Gemini'
      expect(response.headers.get('retry-after')).toBe(isGemini ? null : '7')
      expect(at(JSON.parse(body), 'error', 'details')).toEqual(isGemini ? [info] : undefined)
    }
    const quiet = await (await send({ ...faulty(`status=${status}`), stream: false })).text()
    expect(quiet).not.toContain('canary')
  })

  test('what is no request of its dialect is its own 400', async () => {
    const url = `${sim.origin}${wire.path(false)}`
    const response = await fetch(url, { method: 'POST', body: '{}', headers: KEYS })
    expect(response.status).toBe(400)
    expect(wire.error((await response.json()) as Fields)).toEqual(wire.errorType[400])
  })

  test.each([true, false])('hang and slow-headers keep the headers back (streamed: %s)', async (stream) => {
    const signal = AbortSignal.timeout(60)
    await expect(send({ ...faulty('hang'), stream, signal })).rejects.toThrow('timeout')
    const startedMs = performance.now()
    await (await send({ ...faulty('slow-headers=80'), stream })).text()
    expect(performance.now() - startedMs).toBeGreaterThan(75)
  })

  test('stall falls silent, with comments its keep-alives come', async () => {
    for (const after of [0, 3]) {
      const silent = await readStream({ ...faulty(`stall=${after}`), until: { silentAfter: after } })
      expect(silent).toMatchObject({ isBroken: true, hasEnd: false })
      expect(silent.tokens).toHaveLength(after)
    }
    const kept = await readStream({ ...faulty('stall=3, comments=10'), until: wire.keepAlive })
    expect(kept.tokens).toHaveLength(3)
    expect(kept.raw).toMatch(wire.keepAlive)
  })

  test.each([0, 3])('cut, end, error and malformed after %i', async (after) => {
    const cut = await readStream(faulty(`cut=${after}`))
    expect(cut).toMatchObject({ isBroken: true, hasEnd: false })
    expect(cut.tokens).toHaveLength(after)
    const ended = await readStream(faulty(`end=${after}`))
    expect(ended).toMatchObject({ isBroken: false, hasEnd: false, unread: 0 })
    expect(ended.tokens).toHaveLength(after)
    const failed = await readStream(faulty(`error=${after}, error-status=429, echo`))
    expect(failed).toMatchObject({ isBroken: false, hasEnd: false })
    expect(failed.tokens).toHaveLength(after)
    expect(failed.raw).toContain('canary rivers')
    const last = failed.read.at(-1) ?? {}
    if (wire.name === 'OpenAI') expect(at(last, 'error', 'code')).toBe(429)
    else expect(wire.error(last)).toEqual(wire.errorType[429])
    const garbled = await readStream(faulty(`malformed=${after}`))
    expect(garbled).toMatchObject({ isBroken: false, hasEnd: true, unread: 1 })
    expect(garbled.tokens.length).toBeGreaterThan(after)
  })

  test('an answer in one piece is cut as well', async () => {
    await expect(send({ ...faulty('cut=0'), stream: false })).rejects.toThrow('fetch failed')
  })

  test('missing-usage tells no number, usage=3 tells three times as many', async () => {
    for (const stream of [true, false]) {
      const read = async (fault: string) => {
        const response = await send({ ...faulty(fault), stream })
        if (!stream) return wire.usage([(await response.json()) as Fields])
        await response.body?.cancel()
        return wire.usage((await readStream(faulty(fault))).read)
      }
      const [input = 0, output = 0] = await read('')
      expect(await read('usage=3')).toEqual([input * 3, output * 3])
      // Anthropic's dialect has no answer without numbers.
      const nothing = wire.name === 'Anthropic' ? 0 : undefined
      expect(await read('missing-usage')).toEqual([nothing, nothing])
    }
  })

  test('a fault that is not there ends the connection', async () => {
    await expect(send({ ...faulty('explode'), stream: false })).rejects.toThrow('fetch failed')
  })

  test('x-sim-answer adds what is no text, and none of it where nothing was asked for', async () => {
    const special = (value: string) => ({ wire, headers: { 'x-sim-answer': value } })
    const { raw } = await readStream(special('tools=2, thinking=5, cached=3'))
    expect(raw.match(/"name":"tide"/g)).toHaveLength(2)
    expect(raw.match(/"(?:thoughtS|s)ignature":"[A-Za-z0-9+/]{43}="/g)).toHaveLength(1)
    expect(raw).toMatch(/"(?:cached_tokens|cache_read_input_tokens|cachedContentTokenCount)":3/)
    const refused = await send({ ...special('refusal'), stream: false })
    expect(await refused.text()).toContain('I cannot help with that.')
    const plain = await readStream({ wire })
    expect(plain.raw).not.toMatch(/tide|ignature/)
  })
})

test('a face of its own key refuses a request that has none', async () => {
  for (const [index, status] of [
    [0, 200],
    [1, 401],
    [2, 403],
  ] as const) {
    const wire = WIRES[index]
    if (!wire) throw new Error('There is no such face.')
    const body = JSON.stringify(wire.body(false))
    const response = await fetch(`${sim.origin}${wire.path(false)}`, { method: 'POST', body })
    expect(response.status).toBe(status)
  }
})
