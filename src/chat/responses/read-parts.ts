import { invalidField } from '../check-options.ts'
import {
  type Fields,
  isAbsent,
  missingField,
  readFields,
  readList,
  readOptional,
  readText,
} from '../read-values.ts'
import { DETAILS, PART_FIELDS } from './item-fields.ts'

function imagePart({ fields, at }: { fields: Fields; at: string }): Fields {
  if (!isAbsent(fields['file_id'])) {
    throw invalidField(`${at}.file_id`, 'is not possible here: no files are stored. Send image_url.')
  }
  const detail = readOptional({
    value: fields['detail'],
    at: `${at}.detail`,
    among: DETAILS,
  })
  const url = readText({ value: fields['image_url'] ?? undefined, at: `${at}.image_url` })
  // What the model would take by itself needs no word, and the chat dialect has none for "original".
  const asked = detail === 'low' || detail === 'high' ? { detail } : {}
  return { type: 'image_url', image_url: { url, ...asked } }
}

function readPart({ value, at, kinds }: { value: unknown; at: string; kinds: readonly string[] }): Fields {
  const { type } = readFields({ value, at })
  if (type === undefined) throw missingField(`${at}.type`)
  const kind = kinds.find((allowed) => allowed === type)
  if (kind === undefined) throw invalidField(`${at}.type`, `must be one of ${kinds.join(', ')}.`)
  const known = PART_FIELDS[kind]
  const fields = readFields({ value, at, ...(known ? { known } : {}) })
  if (kind === 'input_image') return imagePart({ fields, at })
  if (kind === 'refusal') {
    return { type: 'refusal', refusal: readText({ value: fields['refusal'], at: `${at}.refusal` }) }
  }
  return { type: 'text', text: readText({ value: fields['text'], at: `${at}.text` }) }
}

/**
 * `content` or `output` as content of OpenAI's chat dialect: a string stays one, and so does one part of text.
 *
 * @param kinds of parts that may stand here.
 */
export function readContent({
  value,
  at,
  kinds,
}: {
  value: unknown
  at: string
  kinds: readonly string[]
}): string | readonly Fields[] {
  if (typeof value === 'string') return value
  const parts = readList({ value, at }).map((one, index) =>
    readPart({ value: one, at: `${at}[${index}]`, kinds }),
  )
  const [only] = parts
  return parts.length === 1 && typeof only?.['text'] === 'string' ? only['text'] : parts
}
