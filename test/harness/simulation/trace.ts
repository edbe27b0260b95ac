/** Told what happens, where somebody replays a seed. */
export type Trace = (line: string) => void

const shorten = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array || typeof value === 'function') return undefined
  return value
}

/** What is in the arguments or the answer of a port's call, in one line. */
export const inLine = (value: unknown): string => (JSON.stringify(value, shorten) ?? '').slice(0, 400)
