import type { StepName } from './drive/steps.ts'

/**
 * Bugs of the product that the simulation has found and that are not fixed yet. A history that shows one of them and nothing else
 * is counted apart. Each is to be taken out of this list by the commit that fixes it.
 */
type KnownBug = {
  readonly name: string
  /** A history without this step cannot show it. */
  readonly step: StepName
  /** What it looks like. */
  readonly explains: (violation: string) => boolean
  /** Seeds that show it. */
  readonly seeds: readonly number[]
}

/** Money that is on chain and not in the books, never the other way round. */
function isUnbooked(violation: string): boolean {
  const [, ledger, chain] =
    /(?:in channels|of the till): the ledger has (-?\d+), the chain (\d+)$/.exec(violation) ?? []
  if (ledger !== undefined && chain !== undefined) return BigInt(ledger) < BigInt(chain)
  return / misses \d+ US/.test(violation)
}

export const KNOWN_BUGS: readonly KnownBug[] = [
  {
    name: 'a payment that somebody else submitted is not adopted once its funding is called failed',
    step: 'thirdParty',
    explains: isUnbooked,
    seeds: [11, 337, 558, 643],
  },
  {
    name: 'credit of a payment that is not final is refunded, and stays held when the payment is undone',
    step: 'reorganise',
    explains: (violation) => /^refund credit \S+ is still held$|:credit holds \d+$/.test(violation),
    seeds: [1384, 8326],
  },
]

/** The known bug that explains all of a history's violations. */
export function knownBugIn({
  steps,
  violations,
}: {
  steps: readonly StepName[]
  violations: readonly string[]
}): string | undefined {
  const possible = KNOWN_BUGS.filter(({ step }) => steps.includes(step))
  const bugs = violations.map((line) => possible.find(({ explains }) => explains(line)))
  return bugs.every(Boolean) ? bugs[0]?.name : undefined
}
