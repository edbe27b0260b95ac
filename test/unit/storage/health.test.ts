import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openHealth } from '../../../src/storage/database/health.ts'

const ANSWER_MS = 200

/** A probe that nobody answers: a suspicion stays. */
const health = () => openHealth({ probe: () => new Promise(() => {}), answerMs: ANSWER_MS })

function standStill(durationMs: number): void {
  const untilMs = performance.now() + durationMs
  while (performance.now() < untilMs);
}

test('an answer that does not come is a hang, and whoever waits is told', async () => {
  const own = health()
  const waiting = own.watch(new Promise(() => {}))
  void own.withinDeadline(sleep(10 * ANSWER_MS))
  const beganAtMs = performance.now()
  await expect(waiting).rejects.toThrow('does not answer')
  expect(performance.now() - beganAtMs).toBeGreaterThan(ANSWER_MS / 2)
  expect(own.isAway()).toBe(true)
  own.close()
})

test('a process that stood still itself does not take that for a hang', async () => {
  const own = health()
  // Read while it stands still, and handed over after the timers that are due.
  const answer = own.withinDeadline(readFile(import.meta.filename, 'utf8'))
  standStill(2 * ANSWER_MS)
  expect(await answer).toContain('standStill')
  expect(own.isAway()).toBe(false)
  own.close()
})
