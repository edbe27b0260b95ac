import { clock } from './clock.ts'

/** Reads at most once in a while, however many ask. */
export function rememberFor<Value>({
  durationMs,
  read,
}: {
  durationMs: number
  read: () => Promise<Value>
}): () => Promise<Value> {
  let known: { readonly atMs: number; readonly value: Promise<Value> } | undefined
  return () => {
    const nowMs = clock.nowMs()
    if (!known || nowMs - known.atMs >= durationMs) known = { atMs: nowMs, value: read() }
    return known.value
  }
}
