/** What is known of an endpoint at this moment, for an input of one length. */
export type EndpointHealth = {
  /** Until the first token, in milliseconds. */
  readonly firstTokenMs: number
  readonly tokensPerSecond: number
  /** Share of calls that are expected to succeed, from 0 to 1. */
  readonly availability: number
  readonly circuit: 'closed' | 'open' | 'half-open'
  /** Where the circuit is open: when it is tried again. */
  readonly retryAtMs?: number
  /** How many calls this rests on; 0 where it is only assumed. */
  readonly samples: number
}

/** The live estimates, as the router reads them. */
export type HealthView = {
  readonly of: (query: { endpointId: string; providerId: string; inputTokens: number }) => EndpointHealth
}
