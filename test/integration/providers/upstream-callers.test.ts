import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { StreamPart } from '../../../src/chat/types.ts'
import { HASTY_AFTER_CONTENT } from '../../support/upstream-clocks.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { useUpstreams } from './upstream-world.ts'

/** What a caller does to a call: hangs up, is slow, stands still, fails. */
const world = useUpstreams()
const { ask, startRaw, connect } = world

/** @returns how long it took. */
async function until(what: string, isSo: () => boolean): Promise<number> {
  const startedMs = performance.now()
  await waitUntil({ what, isSo, everyMs: 1 })
  return performance.now() - startedMs
}

test('a caller who hangs up is heard by the provider within 50 ms, before and after content', async () => {
  for (const after of [0, 5]) {
    const heardMs: number[] = []
    // The machine may hold one try up, but not what would be slow by itself: some try shows how fast it is.
    while (heardMs.length === 0 || (Math.min(...heardMs) >= 50 && heardMs.length < 5))
      heardMs.push(await hangUpAfter(after))
    expect(Math.min(...heardMs)).toBeLessThan(50)
  }
})

/** @returns how long it took the provider to hear of it, in ms. */
async function hangUpAfter(after: number): Promise<number> {
  // Silent from then on, so that the answer is not over before anybody can hang up.
  world.sim.setFaults(after === 0 ? { hang: true } : { stallAfter: after })
  const hangUp = new AbortController()
  let seen = 0
  const aborted = world.sim.aborted()
  const onPart = (part: StreamPart) => {
    if (part.type === 'content') seen += 1
    if (seen === after) hangUp.abort()
  }
  const running = ask({ signal: hangUp.signal, onPart })
  await until('the call is there', () => world.sim.running() > 0)
  if (after === 0) hangUp.abort()
  const { end } = await running
  expect(end.outcome).toBe('aborted')
  const heardMs = await until('the provider hears of it', () => world.sim.aborted() === aborted + 1)
  expect(seen).toBe(after)
  return heardMs
}

test('a call that is aborted already is never sent', async () => {
  const calls = world.sim.calls()
  const { end } = await ask({ signal: AbortSignal.abort() })
  expect(end).toEqual({ outcome: 'aborted' })
  await sleep(20)
  expect(world.sim.calls()).toBe(calls)
})

test('parts come one at a time, in order, while the caller is slow', async () => {
  let inside = 0
  const seen: string[] = []
  const onPart = async (part: StreamPart) => {
    inside += 1
    expect(inside).toBe(1)
    await sleep(1)
    inside -= 1
    seen.push('text' in part ? part.text : '')
  }
  const { end } = await ask({ onPart })
  expect(end.outcome).toBe('completed')
  expect(seen.join('')).toBe((await ask()).text)
})

test('a caller slower than every clock is not the provider’s fault', async () => {
  let isFirst = true
  const onPart = async (part: StreamPart) => {
    if (part.type !== 'content' || !isFirst) return
    isFirst = false
    await sleep(HASTY_AFTER_CONTENT.betweenChunksMs * 2.5)
  }
  const via = connect(world.sim.url, HASTY_AFTER_CONTENT)
  expect((await ask({ via, onPart })).end.outcome).toBe('completed')
})

test('a caller who stands still holds the provider back instead of filling our memory', async () => {
  const event = `data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(8_000) } }] })}\n\n`
  let sentBytes = 0
  const { url } = await startRaw((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const fill = () => {
      while (sentBytes < 48 * 1024 * 1024) {
        sentBytes += event.length
        if (!response.write(event)) return
      }
      response.end('data: [DONE]\n\n')
    }
    response.on('drain', fill)
    fill()
  })
  const gate = Promise.withResolvers<void>()
  let count = 0
  const running = ask({
    via: connect(url),
    onPart: () => {
      count += 1
      return count === 1 ? gate.promise : undefined
    },
  })
  await until('the first part', () => count === 1)
  let heldAt = -1
  // What the buffers on the way take is sent yet; then nothing is.
  while (heldAt !== sentBytes) {
    heldAt = sentBytes
    await sleep(200)
  }
  expect(heldAt).toBeLessThan(16 * 1024 * 1024)
  gate.resolve()
  expect((await running).end.outcome).toBe('completed')
  expect(count).toBe(Math.ceil((48 * 1024 * 1024) / event.length))
})

test('an error of the caller’s own ends the call and the provider’s work', async () => {
  const aborted = world.sim.aborted()
  const own = new Error('own')
  for (const onPart of [
    () => {
      throw own
    },
    () => Promise.reject(own),
  ]) {
    await expect(ask({ onPart })).rejects.toBe(own)
  }
  await until('both are given up', () => world.sim.aborted() === aborted + 2)
})
