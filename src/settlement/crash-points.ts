/**
 * The named places between two durable steps where a crash must lose nothing. A test gives `reach` a function that ends the
 * process at one of them; in service it does nothing.
 */
export const CRASH_POINTS = [
  'funding-reserved',
  'broadcast',
  'funded',
  'admitted',
  'forwarded',
  'captured',
  'seen',
  'final',
] as const

export type CrashPoint = (typeof CRASH_POINTS)[number]

export type Reach = (point: CrashPoint) => void
