import { LIMITS } from '../lib/limits.ts'

/** Remembers one more, and forgets the oldest where there are too many. What is set again counts as new. */
export function keepNewest<Value>({
  map,
  key,
  value,
}: {
  map: Map<string, Value>
  key: string
  value: Value
}): void {
  map.delete(key)
  const [oldest] = map.keys()
  if (map.size >= LIMITS.facilitatorRemembered && oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}
