/** Ends what was opened, newest first; one part that is gone already does not keep the others running. */
export type Closers = {
  readonly add: (close: () => unknown) => void
  readonly close: () => Promise<void>
}

/** A harness that is interrupted leaves no process behind: Ctrl-C closes everything and then ends it. */
export function openClosers(): Closers {
  const closers: (() => unknown)[] = []
  const close = async () => {
    for (const end of closers.splice(0).toReversed()) await Promise.resolve(end()).catch(() => undefined)
  }
  const stop = () => void close().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  closers.push(() => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  })
  return { add: (end) => void closers.push(end), close }
}
