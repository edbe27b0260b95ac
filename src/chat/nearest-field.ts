/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/**
 * The known field that is nearest to a misspelt one, or undefined where none is near (more than a third changed).
 *
 * @example nearestField({ name: 'temprature', known: CHAT_FIELDS }) // 'temperature'
 */
export function nearestField({
  name,
  known,
}: {
  name: string
  known: ReadonlySet<string>
}): string | undefined {
  const ranked = [...known]
    .map((field) => ({ field, changes: distance(name.toLowerCase(), field) }))
    .sort((a, b) => a.changes - b.changes)
  const best = ranked[0]
  return best && best.changes <= Math.max(2, Math.floor(name.length / 3)) ? best.field : undefined
}
