/** What the provider of the harnesses reports for every answer: so every charge of a scheme is the same, and known. */
export const USAGE = { prompt_tokens: 100, completion_tokens: 60, total_tokens: 160 } as const

/** A call whose `user` begins with this is refused by the first endpoint that it comes to. */
export const FAILOVER = 'failover-'

/** Runs of the provider by the call's name: the ids of the requests that brought them. */
export type ProviderRuns = Readonly<Record<string, readonly string[]>>
