import type { Fields } from '../read-values.ts'

/** Marks a signature among the contents that this dialect calls encrypted, since it has no word for signed thoughts. */
const SIGNED = 'signed:'

/** `encrypted_content` of a reasoning item; null for thoughts that nobody sealed. */
export function sealOf({ signature, data }: { signature: string; data: string }): string | null {
  if (signature !== '') return SIGNED + signature
  return data === '' ? null : data
}

/** A reasoning item's text and seal as `reasoning_details` of the hub. */
export function unsealed({ text, seal }: { text: string; seal: string }): readonly Fields[] {
  if (seal.startsWith(SIGNED)) {
    return [{ type: 'reasoning.text', text, signature: seal.slice(SIGNED.length) }]
  }
  return [
    ...(text === '' ? [] : [{ type: 'reasoning.summary', summary: text }]),
    ...(seal === '' ? [] : [{ type: 'reasoning.encrypted', data: seal }]),
  ]
}
