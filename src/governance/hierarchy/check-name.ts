import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'

/**
 * What never belongs into a name: controls, line ends, marks that turn the direction of what follows, lone surrogates. The joiners of
 * Persian, Hindi and emoji (U+200C, U+200D) stay.
 */
const INVISIBLE = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u

/** Something that can be seen: a name of joiners alone would be empty on the page. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u

/**
 * A name as it is stored: composed (NFC), without space around it, spaces inside made one.
 *
 * @throws TurnpikeError `invalid_name`.
 * @example checkName({ name: '  Größe  A ', param: 'name' }) // 'Größe A'
 */
export function checkName({ name, param }: { name: string; param: string }): string {
  const plain = name
    .normalize('NFC')
    .trim()
    .replace(/[\p{Zs}\t]+/gu, ' ')
  const { length } = Array.from(plain)
  if (length > LIMITS.nameChars || INVISIBLE.test(plain) || !VISIBLE.test(plain))
    throw new TurnpikeError('invalid_name', { param })
  return plain
}

/** What two names share that a reader would take for one: case, width and compatible forms do not count. */
export const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase().normalize('NFC')
