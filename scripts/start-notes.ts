/** Notes of progress on stderr, each with the seconds since the start: `  12 s  line`. */
export function startNotes(): (line: string) => void {
  const startedMs = performance.now()
  return (line) => {
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0).padStart(4)
    process.stderr.write(`${seconds} s  ${line}\n`)
  }
}
