/** What one part of `npm run harness` can be told. */
export type PartOptions = {
  /** The form that `npm test` and CI run: minutes, not hours. */
  readonly short: boolean
  /** Replays what this seed does, where a part has seeds. */
  readonly seed?: number
  /** Told what is under way, for whoever waits. */
  readonly onProgress: (line: string) => void
}

/** What one part knows; a figure that it does not count is absent. The command adds them up. */
export type PartResult = {
  /** Paid calls that were sent. */
  readonly calls?: number
  readonly kills?: { readonly server?: number; readonly queue?: number; readonly chain?: number }
  /** Name of a crash point, and how many processes ended there. */
  readonly crashPoints?: Readonly<Record<string, number>>
  /** Charged and never on chain, although it could have been. */
  readonly lost?: number
  readonly doubleCharged?: number
  /** Charged, and nothing was delivered. */
  readonly chargedVoid?: number
  /** Provider runs beyond the first of one payment. */
  readonly duplicateUpstream?: number
  /** Charged and answered, and the answer's end did not reach the caller. Stated, not judged. */
  readonly paidNotDelivered?: number
  readonly ledgerEqualsChain?: boolean
  readonly mutants?: { readonly caught: number; readonly total: number }
  /** Histories of the simulation that were judged. */
  readonly histories?: number
  /** Of the part that offers calls against limits: how each cell ended. */
  readonly cells?: readonly object[]
  /** Spent beyond any limit, in pico-USD. */
  readonly overspend?: number
  /** Cells that could not run here, each with its reason. */
  readonly skipped?: readonly string[]
  /** What was violated and how to see it again, one sentence each. A part with any has failed. */
  readonly violations: readonly string[]
  /** Figures that only this part has. Shown as they are. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** One harness: a file of its own below test/harness, one line in scripts/harness.ts. */
export type HarnessPart = {
  readonly name: string
  readonly run: (options: PartOptions) => Promise<PartResult>
}
