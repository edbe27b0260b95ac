import type { Row } from '../../../../scripts/router/read-rows.ts'
import { seeded } from '../../../../scripts/router/seeded.ts'

const WORDS = {
  easy: 'what is the capital city of this small country and its largest river'.split(' '),
  hard: 'prove that every finite group of prime order has an automorphism with kernel'.split(' '),
}

/** Two kinds of questions in two sources: the strong model answers both, the weak one only the easy kind. */
export function syntheticRows(count: number): readonly Row[] {
  const random = seeded(5)
  return Array.from({ length: count }, (_, index) => {
    const kind = index % 2 === 0 ? 'easy' : 'hard'
    const words = WORDS[kind]
    const prompt = Array.from({ length: 14 }, () => words[Math.floor(random.next() * words.length)]).join(' ')
    const luck = random.next()
    return {
      id: `row-${index}`,
      source: index % 4 < 2 ? 'one' : 'two',
      task: kind,
      prompt: `${prompt} ${index}?`,
      outcomes: new Map([
        ['gpt-4o', { quality: luck < 0.9 ? 1 : 0, costUsd: 0.01 }],
        ['llama-3.1-8b-instruct', { quality: luck < (kind === 'easy' ? 0.85 : 0.2) ? 1 : 0, costUsd: 0.001 }],
      ]),
    }
  })
}
