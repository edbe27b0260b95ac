import { invalidField } from '../check-options.ts'
import {
  type Fields,
  isAbsent,
  missingField,
  present,
  readFields,
  readList,
  readOptional,
  readText,
} from '../read-values.ts'
import { namesOf } from '../schema.ts'
import { BLOCK_FIELDS, CACHE_FIELDS, MEDIA_TYPES, SOURCE_FIELDS } from './block-fields.ts'

/** A block of a message, its place, and its kind, with no field but those of its kind. */
export type Block = { readonly kind: string; readonly fields: Fields; readonly at: string }

/**
 * The blocks of `content`; a string is one text block.
 *
 * @param kinds those that may stand here.
 * @throws TurnpikeError of lib/errors/chat.
 */
export function readBlocks({
  value,
  at,
  kinds,
}: {
  value: unknown
  at: string
  kinds: readonly string[]
}): readonly Block[] {
  if (typeof value === 'string') return [{ kind: 'text', fields: { type: 'text', text: value }, at }]
  return readList({ value, at }).map((one, index) => {
    const place = `${at}[${index}]`
    const { type } = readFields({ value: one, at: place })
    if (type === undefined) throw missingField(`${place}.type`)
    const kind = kinds.find((allowed) => allowed === type)
    if (kind === undefined) {
      const reason = type === 'document' ? ' What a document costs cannot be bounded before the call.' : ''
      throw invalidField(`${place}.type`, `must be one of ${kinds.join(', ')}.${reason}`)
    }
    const known = BLOCK_FIELDS[kind]
    const fields = readFields({ value: one, at: place, ...(known ? { known } : {}) })
    return { kind, fields, at: place }
  })
}

const CACHE_NAMES = namesOf(CACHE_FIELDS)

/** `{ cache_control }` as it was written, or nothing. @param at absent for the request itself. */
export function cacheControlOf({ fields, at }: { fields: Fields; at?: string }): Fields {
  const value = fields['cache_control']
  if (isAbsent(value)) return {}
  const place = at === undefined ? 'cache_control' : `${at}.cache_control`
  const { type, ttl } = readFields({ value, at: place, known: CACHE_NAMES })
  if (type !== 'ephemeral') throw invalidField(`${place}.type`, 'must be "ephemeral".')
  readOptional({ value: ttl, at: `${place}.ttl`, among: ['5m', '1h'] })
  return { cache_control: value }
}

/** A text block as a part of OpenAI's. Citations are notes of an earlier answer: what was said stays, the notes do not. */
export function textPart({ fields, at }: Block): Fields {
  const text = readText({ value: fields['text'], at: `${at}.text` })
  return { type: 'text', text, ...cacheControlOf({ fields, at }) }
}

const SOURCES = { base64: namesOf(SOURCE_FIELDS.base64), url: namesOf(SOURCE_FIELDS.url) }

/** An image block as a part of OpenAI's. A URL is passed on and never fetched here. */
export function imagePart({ fields, at }: Block): Fields {
  const place = `${at}.source`
  const { type } = readFields({ value: fields['source'], at: place })
  const kind = readOptional({ value: type, at: `${place}.type`, among: ['base64', 'url'] })
  if (kind === undefined) throw missingField(`${place}.type`)
  const source = readFields({ value: fields['source'], at: place, known: SOURCES[kind] })
  return { type: 'image_url', image_url: { url: urlOf() }, ...cacheControlOf({ fields, at }) }

  function urlOf(): string {
    if (kind === 'url') return readText({ value: source['url'], at: `${place}.url` })
    const media = readOptional({
      value: source['media_type'],
      at: `${place}.media_type`,
      among: MEDIA_TYPES,
    })
    if (media === undefined) throw missingField(`${place}.media_type`)
    return `data:${media};base64,${readText({ value: source['data'], at: `${place}.data` })}`
  }
}

/** Parts as a message of OpenAI's likes them best: one plain text is a string. */
export function contentOf(parts: readonly Fields[]): string | readonly Fields[] {
  const [only] = parts
  const isPlain = parts.length === 1 && only?.['type'] === 'text' && only['cache_control'] === undefined
  return isPlain && typeof only['text'] === 'string' ? only['text'] : parts.map(present)
}
