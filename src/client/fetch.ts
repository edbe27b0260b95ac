/** The part of `globalThis.fetch` that the client needs and offers. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>
