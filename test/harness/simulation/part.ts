import type { HarnessPart } from '../part.ts'

/** The money core against a simulated world. */
export const simulation: HarnessPart = {
  name: 'simulation',
  run: async () => ({ histories: 0, violations: [] }),
}
