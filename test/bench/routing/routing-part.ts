/** What `npm run bench:routing` can measure: one part each. */
export type RoutingPart = {
  readonly run: (options: {
    /** The form for CI: at most 15 seconds. */
    readonly isShort: boolean
    readonly note: (line: string) => void
  }) => Promise<RoutingFigures>
}

export type RoutingFigures = {
  /** As JSON has them. */
  readonly figures: Readonly<Record<string, unknown>>
  /** A sentence for each target that was not met. */
  readonly misses: readonly string[]
}
