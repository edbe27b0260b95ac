import type { Storage } from '../storage/open-storage.ts'
import { clock } from './clock.ts'

/** How long a stop waits for calls whose connections it has just cut, so that what they delivered is still recorded. */
const WAIT_MS = 5_000
const POLL_MS = 20

/** What is still open then is released by the recovery of the next start. */
export async function awaitOpenCalls({ instances }: Pick<Storage, 'instances'>): Promise<void> {
  const deadlineMs = clock.nowMs() + WAIT_MS
  while (instances.openCallCount() > 0 && clock.nowMs() < deadlineMs) await clock.sleep(POLL_MS)
}
