/** Wall clocks of IANA zones, by the platform's own time zone data. */

const FORMATS = new Map<string, Intl.DateTimeFormat>()

/** Making one takes a hundred times as long as using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  FORMATS.set(timeZone, format)
  return format
}

/** Whether the platform knows a zone. Offsets such as `+02:00` are none: they have no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/.test(name)) return false
  try {
    // Not remembered: a zone can be spelled in thousands of ways, capitals being free, and only those in use are worth their memory.
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const SECOND_MS = 1_000
const DAY_MS = 86_400_000

/** What a clock on a wall of the zone shows at an instant, written as if it were UTC's. */
export function wallTime({ atMs, timeZone }: { atMs: number; timeZone: string }): number {
  const part = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  const milliseconds = ((atMs % SECOND_MS) + SECOND_MS) % SECOND_MS
  return Date.UTC(year, month - 1, day, hour, minute, second) + milliseconds
}

/**
 * The instant at which a day begins in a zone: its first midnight where clocks are put back over it, and where they are put forward over
 * it, or over the whole day, the first instant after.
 *
 * @param wallMs midnight of that day, written as if it were UTC's.
 */
export function startOfDay({ wallMs, timeZone }: { wallMs: number; timeZone: string }): number {
  if (timeZone === 'UTC') return wallMs
  const offsets = [wallMs - DAY_MS, wallMs + DAY_MS].map((atMs) => wallTime({ atMs, timeZone }) - atMs)
  const midnights = offsets
    .map((offsetMs) => wallMs - offsetMs)
    .filter((atMs) => wallTime({ atMs, timeZone }) === wallMs)
  return midnights.length > 0 ? Math.min(...midnights) : firstAfter({ wallMs, timeZone })
}

/** Where no clock ever shows that midnight: the instant at which it is passed over, found by halving. */
function firstAfter({ wallMs, timeZone }: { wallMs: number; timeZone: string }): number {
  let beforeMs = wallMs - DAY_MS - DAY_MS / 2
  let afterMs = wallMs + DAY_MS + DAY_MS / 2
  while (afterMs - beforeMs > 1) {
    const middleMs = Math.floor((beforeMs + afterMs) / 2)
    if (wallTime({ atMs: middleMs, timeZone }) >= wallMs) afterMs = middleMs
    else beforeMs = middleMs
  }
  return afterMs
}
