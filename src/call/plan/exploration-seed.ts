const HOUR_MS = 3_600_000

/**
 * What decides whether a request explores: its keyed hash, which nobody outside can aim, and the hour, so that a request that is sent
 * again and again does not always end the same way. A quote and the call that is made by it have both in common, while their call ids differ.
 */
export const explorationSeed = ({
  requestHash,
  receivedAtMs,
}: {
  requestHash: string
  receivedAtMs: number
}): string => `${requestHash} ${Math.floor(receivedAtMs / HOUR_MS)}`
