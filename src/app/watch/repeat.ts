/**
 * Runs something again and again, never twice at once. A run that fails is reported, and the next one comes all the same.
 *
 * @returns what ends it: resolves when a run that is under way has ended.
 */
export function repeat({
  everyMs,
  run,
  onError,
}: {
  everyMs: number
  run: () => Promise<unknown>
  onError: (error: unknown) => void
}): () => Promise<void> {
  let running: Promise<unknown> | undefined
  const timer = setInterval(() => {
    running ??= run()
      .catch(onError)
      .finally(() => {
        running = undefined
      })
  }, everyMs)
  return async () => {
    clearInterval(timer)
    await running
  }
}
