import type { Hex } from '../../payment/types.ts'
import { CALL_IS_OVER_MS } from './channel-book.ts'

const CHANNELS_KEPT = 1_000

/** Several paying fetches of one process may use one channel without a common store; here they know of one another. */
const users = new Map<Hex, Map<string, number>>()

type Use = { readonly channelId: Hex; readonly owner: string; readonly nowMs: number }

/** Notes that a paying fetch uses a channel. */
export function noteUser({ channelId, owner, nowMs }: Use): void {
  const known = users.get(channelId) ?? new Map<string, number>()
  known.set(owner, nowMs)
  users.set(channelId, known)
  for (const [name, atMs] of known) if (nowMs - atMs > CALL_IS_OVER_MS) known.delete(name)
  for (const oldest of users.keys()) {
    if (users.size <= CHANNELS_KEPT) break
    users.delete(oldest)
  }
}

/** Whether another paying fetch of this process has lately used the channel. */
export const otherUsers = ({ channelId, owner, nowMs }: Use): boolean =>
  [...(users.get(channelId) ?? [])].some(([name, atMs]) => name !== owner && nowMs - atMs <= CALL_IS_OVER_MS)
