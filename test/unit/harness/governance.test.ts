import { expect, test } from 'vitest'
import { MUTANTS } from '../../harness/governance/mutants.ts'
import { withEdits } from '../../harness/mutant-hooks.ts'

test.each(Object.entries(MUTANTS))('the product still has the place for the mutant: %s', (_name, edits) => {
  for (const { file } of edits) expect(withEdits({ file, edits })).not.toBe('')
})
