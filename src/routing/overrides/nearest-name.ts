import { nearestField } from '../../chat/nearest-field.ts'

/** Names of a request are shown, never more of them than this. */
const SHOWN_CHARS = 80

export const shown = (name: string): string =>
  name.length > SHOWN_CHARS ? `${name.slice(0, SHOWN_CHARS)}…` : name

/**
 * The name that somebody may have meant: the same one with a vendor before it, else the nearest by the letters that would have to
 * change.
 *
 * @example nearestName({ name: 'gpt-4o-mini', known: ['openai/gpt-4o-mini'] }) // 'openai/gpt-4o-mini'
 */
export function nearestName({ name, known }: { name: string; known: Iterable<string> }): string | undefined {
  const names = new Set(known)
  const bare = name.split('/').at(-1)?.toLowerCase() ?? ''
  const whole = [...names].find((id) => id.toLowerCase().endsWith(`/${bare}`))
  return whole ?? nearestField({ name: shown(name), known: names })
}

/** ` Did you mean "…"?`, or nothing. */
export function didYouMean(asked: { name: string; known: Iterable<string> }): string {
  const near = nearestName(asked)
  return near === undefined ? '' : ` Did you mean "${near}"?`
}
