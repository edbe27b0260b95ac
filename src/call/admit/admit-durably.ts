import type { CallDependencies } from '../dependencies.ts'
import { LATER_MS } from '../serve/record.ts'
import { releaseOf } from '../serve/recover.ts'
import type { Admission, AdmitOutcome } from '../types.ts'

/**
 * W1. Where the database breaks off nobody knows whether the hold was made: the caller is told that nothing is served, and the
 * hold, should there be one, is released as soon as the database answers.
 */
export async function admitDurably({
  admission,
  dependencies,
}: {
  admission: Admission
  dependencies: Pick<CallDependencies, 'store' | 'clock'>
}): Promise<AdmitOutcome> {
  try {
    return await dependencies.store.admit(admission)
  } catch (error) {
    // A value that no database would take was never sent to one.
    if (!(error instanceof RangeError)) void releaseUnknown({ admission, dependencies })
    throw error
  }
}

/** A statement that was under way may be executed long after its connection broke: that it is not there yet proves nothing. */
async function releaseUnknown({
  admission,
  dependencies: { store, clock },
}: {
  admission: Admission
  dependencies: Pick<CallDependencies, 'store' | 'clock'>
}): Promise<void> {
  for (const pauseMs of LATER_MS) {
    await clock.sleepAside(pauseMs)
    const release = releaseOf({ call: { callId: admission.callId, admission }, nowMs: clock.nowMs() })
    const isReleased = await store.capture(release).then(
      () => true,
      () => false,
    )
    if (isReleased) return
  }
}
