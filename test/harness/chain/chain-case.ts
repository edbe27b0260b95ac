import type { ChainBench } from './chain-bench.ts'

/** One thing that a chain, its issuers or its people can do, and what must have become of the money afterwards. */
export type ChainCase = {
  readonly name: string
  /**
   * @returns the end state, for the table of the report.
   * @throws Error where the end is not the one that it must be.
   */
  readonly run: (bench: ChainBench) => Promise<string>
}

export class CaseError extends Error {}

/** @throws CaseError with both values where they differ. */
export function demand(what: string, value: unknown, wanted: unknown): void {
  const [is, must] = [value, wanted].map((one) =>
    JSON.stringify(one, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner)),
  )
  if (is !== must) throw new CaseError(`${what}: ${is} instead of ${must}`)
}
