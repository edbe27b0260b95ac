import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  afterFailure,
  afterNothing,
  afterSuccess,
  type Circuit,
  circuitStateAt,
  CLOSED_CIRCUIT,
  takeProbe,
} from '../../../../src/routing/health/circuit.ts'
import { LIMITS } from '../../../../src/lib/limits.ts'

const NOW_MS = 1_000_000
const failedTimes = (times: number, circuit: Circuit = CLOSED_CIRCUIT, nowMs = NOW_MS) =>
  Array.from({ length: times }).reduce<Circuit>((one) => afterFailure({ circuit: one, nowMs }), circuit)
const stateAt = (circuit: Circuit, nowMs: number) => circuitStateAt({ circuit, nowMs })

test('five failures in a row open it, and any success between them begins the row anew', () => {
  const four = failedTimes(LIMITS.circuitFailures - 1)
  expect(stateAt(four, NOW_MS)).toBe('closed')
  expect(stateAt(failedTimes(1, four), NOW_MS)).toBe('open')
  const mended = afterSuccess({ circuit: four, nowMs: NOW_MS })
  expect(stateAt(failedTimes(LIMITS.circuitFailures - 1, mended), NOW_MS)).toBe('closed')
})

test('one that fails more often than not is opened without a row', () => {
  expect(stateAt(afterFailure({ circuit: CLOSED_CIRCUIT, nowMs: NOW_MS, isBad: true }), NOW_MS)).toBe('open')
})

test('after its time it lets one probe through, whose success closes it', () => {
  const open = failedTimes(LIMITS.circuitFailures)
  expect(takeProbe({ circuit: open, nowMs: NOW_MS + LIMITS.circuitOpenMs - 1 })).toBeUndefined()
  const atMs = NOW_MS + LIMITS.circuitOpenMs
  expect(stateAt(open, atMs)).toBe('half-open')
  const probed = takeProbe({ circuit: open, nowMs: atMs })
  if (!probed) throw new Error('There was no probe.')
  expect(takeProbe({ circuit: probed, nowMs: atMs + 1 })).toBeUndefined()
  expect(stateAt(afterSuccess({ circuit: probed, nowMs: atMs + 5 }), atMs + 5)).toBe('closed')
})

test('a probe without a result is given up after its time, and one that says nothing at once', () => {
  const open = failedTimes(LIMITS.circuitFailures)
  const atMs = NOW_MS + LIMITS.circuitOpenMs
  const probed = takeProbe({ circuit: open, nowMs: atMs }) ?? open
  expect(takeProbe({ circuit: probed, nowMs: atMs + LIMITS.circuitProbeMs - 1 })).toBeUndefined()
  expect(takeProbe({ circuit: probed, nowMs: atMs + LIMITS.circuitProbeMs })).toBeDefined()
  expect(takeProbe({ circuit: afterNothing({ circuit: probed }), nowMs: atMs })).toBeDefined()
})

test('a late success of a call from before says nothing about one that is open or has no probe', () => {
  const open = failedTimes(LIMITS.circuitFailures)
  expect(afterSuccess({ circuit: open, nowMs: NOW_MS })).toBe(open)
  expect(afterSuccess({ circuit: open, nowMs: NOW_MS + LIMITS.circuitOpenMs })).toBe(open)
})

test('each failed probe doubles the time, up to the most; a quiet minute forgets that', () => {
  let circuit = failedTimes(LIMITS.circuitFailures)
  let nowMs = NOW_MS
  const durations: number[] = []
  for (let round = 0; round < 9; round += 1) {
    durations.push(circuit.openUntilMs - nowMs)
    nowMs = circuit.openUntilMs
    circuit = afterFailure({ circuit, nowMs })
  }
  expect(durations.slice(0, 4)).toEqual([1, 2, 4, 8].map((times) => times * LIMITS.circuitOpenMs))
  expect(durations.at(-1)).toBe(LIMITS.circuitOpenMaxMs)
  nowMs = circuit.openUntilMs
  const probed = takeProbe({ circuit, nowMs }) ?? circuit
  const closed = afterSuccess({ circuit: probed, nowMs })
  const laterMs = nowMs + LIMITS.circuitForgetMs + 1
  const again = failedTimes(LIMITS.circuitFailures, closed, laterMs)
  expect(again.openUntilMs - laterMs).toBe(LIMITS.circuitOpenMs)
})

test('whatever happens, it is never open for longer than the most, and never has two probes', () => {
  const steps = fc.array(
    fc.record({
      waitMs: fc.integer({ min: 0, max: 90_000 }),
      what: fc.constantFrom('failure', 'success', 'nothing', 'probe'),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, (all) => {
      let circuit: Circuit = CLOSED_CIRCUIT
      let nowMs = NOW_MS
      for (const { waitMs, what } of all) {
        nowMs += waitMs
        if (what === 'failure') circuit = afterFailure({ circuit, nowMs })
        else if (what === 'success') circuit = afterSuccess({ circuit, nowMs })
        else if (what === 'nothing') circuit = afterNothing({ circuit })
        else {
          const probed = takeProbe({ circuit, nowMs })
          if (probed) expect(takeProbe({ circuit: probed, nowMs })).toBeUndefined()
          circuit = probed ?? circuit
        }
        expect(circuit.openUntilMs - nowMs).toBeLessThanOrEqual(LIMITS.circuitOpenMaxMs)
      }
    }),
  )
})
