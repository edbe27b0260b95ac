import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A text that nobody else writes: two random halves, with signs between them that every escaping spells in its own way. */
export type Canary = { readonly halves: readonly [string, string]; readonly text: (kind: string) => string }

const half = () => randomBytes(8).toString('hex')

export function newCanary(): Canary {
  const halves = [half(), half()] as const
  return { halves, text: (kind) => `${halves[0]}"é <${kind}> \\${halves[1]}` }
}

/** One way to write a text as bytes. */
export type Spelling = { readonly name: string; readonly bytes: Buffer }

const BASE64_OFFSETS = [0, 1, 2]

/** The part of a text's base64 that does not depend on what stands around it, when it begins so many bytes into a group. */
function base64At(text: string, offset: number): string {
  const whole = Buffer.from(`${'x'.repeat(offset)}${text}`).toString('base64')
  const bits = (bytes: number) => bytes * 8
  return whole.slice(Math.ceil(bits(offset) / 6), Math.floor(bits(offset + text.length) / 6))
}

/**
 * How a leaked text might look. The halves are of letters and digits, so that one spelling stands for plain, JSON-escaped and
 * URL-escaped text; a control spells all of it to prove so.
 */
export const spellingsOf = (text: string): readonly Spelling[] => [
  { name: 'utf-8', bytes: Buffer.from(text) },
  { name: 'utf-16', bytes: Buffer.from(text, 'utf16le') },
  { name: 'hex', bytes: Buffer.from(Buffer.from(text).toString('hex')) },
  { name: 'HEX', bytes: Buffer.from(Buffer.from(text).toString('hex').toUpperCase()) },
  ...BASE64_OFFSETS.map((offset) => ({
    name: `base64 at ${offset}`,
    bytes: Buffer.from(base64At(text, offset)),
  })),
]

/** A place where something may have been left: a file, an output, an answer. */
export type Sink = { readonly name: string; readonly bytes: Buffer }

/** Where a half of the canary was found, and how it was spelled there. */
export function findIn({ sinks, canary }: { sinks: readonly Sink[]; canary: Canary }): readonly string[] {
  const needles = canary.halves.flatMap((text) => spellingsOf(text))
  return sinks.flatMap(({ name, bytes }) =>
    needles.flatMap((needle) => {
      const at = bytes.indexOf(needle.bytes)
      if (at < 0) return []
      const around = bytes.subarray(Math.max(0, at - 40), at + 80).toString('latin1')
      return [`${name} (${needle.name}): ${around.replaceAll(/[^ -~]+/g, '·')}`]
    }),
  )
}

/** Every file below a folder, with what is in it now. Files that vanish meanwhile are left out. */
export function filesIn({ folder, name }: { folder: string; name: string }): readonly Sink[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      try {
        return [{ name: `${name}${path.slice(folder.length)}`, bytes: readFileSync(path) }]
      } catch {
        return []
      }
    })
}
