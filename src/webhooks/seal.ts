import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 's1'

/** Seals and opens the secrets of subscriptions, so that the database alone cannot sign. */
export type Seal = {
  /** @param untilMs when the secret stops signing; absent: never by itself. */
  readonly close: (sealing: {
    readonly webhookId: string
    readonly secret: string
    readonly untilMs?: number
  }) => string
  /** Undefined where the text was not sealed for this subscription under this key, or its time is over. */
  readonly open: (sealed: {
    readonly webhookId: string
    readonly sealed: string
    readonly nowMs: number
  }) => string | undefined
}

/** What a sealed secret is bound to: it cannot be moved to another subscription, and its end cannot be put off. */
const bound = (webhookId: string, untilMs: string) =>
  Buffer.from(JSON.stringify([VERSION, webhookId, untilMs]))

/**
 * AES-256-GCM under a key that HKDF-SHA256 takes out of a secret of the server. A sealed secret is text of four parts: version, end (or
 * nothing), nonce, and ciphertext with its tag.
 *
 * @param serverSecret at least 32 characters; the same on every instance and after every start.
 */
export function createSeal({ serverSecret }: { serverSecret: string }): Seal {
  const key = new Uint8Array(hkdfSync('sha256', serverSecret, '', 'turnpike webhook secrets 1', 32))
  return {
    close({ webhookId, secret, untilMs }) {
      const until = untilMs === undefined ? '' : String(untilMs)
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(bound(webhookId, until))
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return [VERSION, until, nonce.toString('base64url'), sealed.toString('base64url')].join('.')
    },
    open({ webhookId, sealed, nowMs }) {
      const [version, until = '', nonce = '', text = ''] = sealed.split('.')
      if (version !== VERSION || (until !== '' && nowMs >= Number(until))) return undefined
      const bytes = Buffer.from(text, 'base64url')
      try {
        const decipher = createDecipheriv(CIPHER, key, Buffer.from(nonce, 'base64url'), {
          authTagLength: TAG_BYTES,
        })
        decipher.setAAD(bound(webhookId, until)).setAuthTag(bytes.subarray(-TAG_BYTES))
        const opened = decipher.update(bytes.subarray(0, -TAG_BYTES))
        return Buffer.concat([opened, decipher.final()]).toString('utf8')
      } catch {
        return undefined
      }
    },
  }
}
