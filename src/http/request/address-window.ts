/** What addresses may do within a minute. */
export type AddressWindow = {
  /** Counts one more. @returns how long the address has to wait, where it has had all of its share. */
  readonly take: (address: string) => number | undefined
  /** Takes some back that have turned out to be no burden. */
  readonly giveBack: (address: string, count: number) => void
}

const WINDOW_MS = 60_000
const ADDRESSES = 10_000

/**
 * Counts per address in windows of a minute, in the memory of this process: a bound on what one address can make us do for
 * nothing, not a promise of fairness. Of very many addresses the first seen are forgotten.
 */
export function openAddressWindow({ limit, nowMs }: { limit: number; nowMs: () => number }): AddressWindow {
  const windows = new Map<string, { readonly startedAtMs: number; count: number }>()
  return {
    take(address) {
      const now = nowMs()
      const window = windows.get(address)
      if (!window || now - window.startedAtMs >= WINDOW_MS) {
        windows.delete(address)
        const [oldest] = windows.keys()
        if (windows.size >= ADDRESSES && oldest !== undefined) windows.delete(oldest)
        windows.set(address, { startedAtMs: now, count: 1 })
        return limit < 1 ? WINDOW_MS : undefined
      }
      if (window.count >= limit) return window.startedAtMs + WINDOW_MS - now
      window.count += 1
      return undefined
    },
    giveBack(address, count) {
      const window = windows.get(address)
      if (window) window.count = Math.max(0, window.count - count)
    },
  }
}
