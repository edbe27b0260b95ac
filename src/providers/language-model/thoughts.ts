import type { SharedV4ProviderMetadata } from '@ai-sdk/provider'

/** What an author wants to see again of its own thoughts, or may not show. */
export type Signed = { readonly signature?: string; readonly redacted?: string }

const textIn = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** A provider's seal on a part: it has to come back unchanged with the next turn. */
export function signedBy(metadata: SharedV4ProviderMetadata | undefined): Signed {
  const signature =
    textIn(metadata?.['anthropic']?.['signature']) ?? textIn(metadata?.['google']?.['thoughtSignature'])
  const redacted = textIn(metadata?.['anthropic']?.['redactedData'])
  return {
    ...(signature === undefined ? {} : { signature }),
    ...(redacted === undefined ? {} : { redacted }),
  }
}

/** One entry of `reasoning_details`, in OpenRouter's words. */
export function thoughtDetail({ text, signed, index }: { text?: string; signed: Signed; index: number }) {
  if (signed.redacted !== undefined) return { type: 'reasoning.encrypted', data: signed.redacted, index }
  return {
    type: 'reasoning.text',
    ...(text === undefined || text === '' ? {} : { text }),
    ...(signed.signature === undefined ? {} : { signature: signed.signature }),
    index,
  }
}

/** Google's own place for it on a tool call of the chat dialect. */
export const sealOn = ({ signature }: Signed) =>
  signature === undefined ? {} : { extra_content: { google: { thought_signature: signature } } }
