import { expect, test } from 'vitest'
import { withEdits } from '../../harness/mutant-hooks.ts'
import { MUTANTS } from '../../harness/mutants.ts'
import { runInSimulation } from '../../harness/run-mutants.ts'
import { KNOWN_BUGS } from '../../harness/simulation/known-bugs.ts'
import { runHistory } from '../../harness/simulation/run-history.ts'
import { INVARIANTS } from '../../../src/storage/invariants/invariants.ts'

test('a hundred histories violate nothing that is not known', async () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const { verdict, known } = await runHistory({ seed })
    expect({ seed, violations: known === undefined ? verdict.violations : [] }).toEqual({
      seed,
      violations: [],
    })
  }
})

test('a seed always tells the same history', async () => {
  const tell = async () => {
    const lines: string[] = []
    await runHistory({ seed: 73, trace: (line) => lines.push(line) })
    return lines
  }
  const first = await tell()
  expect(first.length).toBeGreaterThan(50)
  expect(await tell()).toEqual(first)
})

test.each(KNOWN_BUGS)('still not fixed: $name', async ({ name, seeds }) => {
  for (const seed of seeds) expect((await runHistory({ seed })).known).toBe(name)
})

test.each(MUTANTS)('the product still has the place for the mutant: $name', ({ edits }) => {
  for (const { file } of edits) expect(withEdits({ file, edits })).not.toBe('')
})

test('a mutant whose place is gone or is there twice is refused', () => {
  const file = 'src/ledger/entries.ts'
  for (const from of ['no such text', 'export']) {
    expect(() => withEdits({ file, edits: [{ file, from, to: '' }] })).toThrow('Stale')
  }
})

test('every invariant of the ledger and every gap of the state machine has its mutant', () => {
  const guarded = MUTANTS.map(({ guards }) => guards).join('; ')
  const gaps = ['F1-F2', 'F2-F3', 'F3-W1', 'before W1', 'W1-W2', 'W2-W3', 'W3-W4', 'inside W4']
  const later = ['W4-broadcast', 'broadcast-W5', 'W5-W6']
  const names = [...gaps, ...later, ...INVARIANTS.map(({ name }) => name)]
  expect(names.filter((name) => !guarded.includes(name))).toEqual([])
})

test('a planted bug is caught, and the thread beside it stays unhurt', async () => {
  const mutant = MUTANTS.find(({ name }) => name.startsWith('calls of a dead process'))
  if (!mutant) throw new Error('The mutant is gone.')
  expect((await runInSimulation(mutant)).caughtBy).toContain('has never ended')
  expect(await runInSimulation({ ...mutant, edits: [], histories: 50 })).toEqual({
    mutant: expect.anything(),
  })
})
