/**
 * What this thread has computed so far, in milliseconds. The cost of a computation is judged by it, not by the clock on the wall:
 * on a busy machine that one counts the others' work as well.
 */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
