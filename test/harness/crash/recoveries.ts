import type { CallNote } from './call-note.ts'

/** From each death of the server to the first answer that a client has whole afterwards, in milliseconds. */
export function recoveriesOf({
  deathTimes,
  notes,
}: {
  deathTimes: readonly number[]
  notes: readonly CallNote[]
}): { readonly p50: number; readonly max: number } {
  const served = notes.filter(({ ending }) => ending === 'served').map(({ endedAtMs }) => endedAtMs)
  const durations = deathTimes
    .flatMap((diedAtMs) => {
      const next = served.find((endedAtMs) => endedAtMs > diedAtMs)
      return next === undefined ? [] : [next - diedAtMs]
    })
    .sort((a, b) => a - b)
  return {
    p50: Math.round(durations[Math.floor(durations.length / 2)] ?? 0),
    max: Math.round(durations.at(-1) ?? 0),
  }
}
