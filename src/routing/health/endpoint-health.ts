/** What is known of an endpoint's state at a moment. */
export type EndpointHealth = {
  /** Moving average of the time to the first token, in milliseconds, for the size class of the request. */
  readonly firstTokenMs: number
  /** Moving average of the tokens that come per second after the first. */
  readonly tokensPerSecond: number
  /** From 0 to 1: decayed success times headroom. */
  readonly availability: number
  readonly circuit: 'closed' | 'open' | 'half-open'
  /** When it may be asked again: its circuit is open, or its provider asked us to wait (milliseconds since 1970). */
  readonly retryAtMs?: number
  /** Decayed number of observations; 0 where there are only priors. */
  readonly samples: number
}

/** Of many endpoints, in their order: what a decision weighs of their health. */
export type HealthColumns = {
  readonly firstTokenMs: Float64Array
  readonly tokensPerSecond: Float64Array
  readonly availability: Float64Array
  /** 1 where it may not be asked now. */
  readonly isResting: Uint8Array
}

/** How routing sees the health of endpoints. An answer costs microseconds and never waits. */
export type HealthView = {
  readonly of: (query: { readonly endpointId: string; readonly inputTokens: number }) => EndpointHealth
  /**
   * The same of many endpoints at once, as numbers that hold until the next question: a decision looks at hundreds. Absent: they are
   * asked about one by one.
   *
   * @param endpointIds one array for as long as they are the same.
   */
  readonly ofAll?: (query: {
    readonly endpointIds: readonly string[]
    readonly inputTokens: number
  }) => HealthColumns
}

/** Whether it may not be asked now. */
export const isResting = ({ circuit, retryAtMs }: EndpointHealth): boolean =>
  circuit === 'open' || retryAtMs !== undefined
