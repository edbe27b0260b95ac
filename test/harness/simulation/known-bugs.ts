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

export const KNOWN_BUGS: readonly KnownBug[] = []

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
