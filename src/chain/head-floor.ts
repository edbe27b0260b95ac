/** How long a height that was seen counts: a reorganisation or a restored node may stay below it for a while, not for ever. */
const REMEMBERED_MS = 60_000

/**
 * The height below which an RPC is behind. It is raised by heights that the RPCs confirm: with several configured, by what two
 * of them have reached, so that one alone cannot make the others look late.
 */
export type HeadFloor = {
  readonly note: (heads: readonly bigint[]) => void
  readonly isBehind: (head: bigint) => boolean
}

export function createHeadFloor({
  rpcCount,
  nowMs = () => performance.now(),
}: {
  rpcCount: number
  nowMs?: () => number
}): HeadFloor {
  let floor = 0n
  let seenAtMs = 0
  return {
    note(heads) {
      const confirmed = heads.toSorted((a, b) => Number(b - a))[rpcCount > 1 ? 1 : 0]
      if (confirmed === undefined) return
      const isForgotten = nowMs() - seenAtMs > REMEMBERED_MS
      if (confirmed < floor && !isForgotten) return
      floor = confirmed
      seenAtMs = nowMs()
    },
    isBehind: (head) => head < floor && nowMs() - seenAtMs <= REMEMBERED_MS,
  }
}
