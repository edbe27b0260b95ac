import { expect, test } from 'vitest'
import { countTokens } from '../../../src/chat/count-tokens.ts'

test('a long text is counted in slices, between which others get their turn, and never counts less', async () => {
  await countTokens('load the vocabulary')
  const sentence = 'The quick brown fox 🦊 jumps over the lazy dog. '
  const [once, twice] = [await countTokens(sentence), await countTokens(sentence + sentence)]
  let turns = 0
  let isDone = false
  const turn = () => {
    turns += 1
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  const counted = await countTokens(sentence.repeat(4_000))
  isDone = true
  expect(turns).toBeGreaterThan(8)
  expect(counted).toBeGreaterThanOrEqual((twice - once) * 3_999 + once)
  expect(counted).toBeLessThan(twice * 2_000 * 1.01)
})
