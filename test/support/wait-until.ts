import { setTimeout as sleep } from 'node:timers/promises'

/** Looks again and again until something is so; says what did not come where it never is. */
export async function waitUntil({
  what,
  isSo,
  timeoutMs = 30_000,
  everyMs = 10,
}: {
  what: string
  isSo: () => boolean | Promise<boolean>
  timeoutMs?: number
  everyMs?: number
}): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`Not within ${timeoutMs} ms: ${what}`)
    await sleep(everyMs)
  }
}
