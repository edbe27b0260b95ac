import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { LIMITS } from '../../lib/limits.ts'
import type { ProviderTrip } from '../session-ports.ts'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Lets a browser carry what we have to know when it comes back from the identity provider, without reading or changing it. */
export type TripSeal = {
  readonly close: (trip: ProviderTrip) => string
  /** Undefined for what was not sealed here, or longer ago than LIMITS.providerTripMs. */
  readonly open: (sealed: string) => ProviderTrip | undefined
}

/** AES-256-GCM under a key that HKDF takes out of a secret of the server. @param secret the same on every instance. */
export function createTripSeal({
  secret,
  clock,
}: {
  secret: string
  clock: { readonly nowMs: () => number; readonly random: (byteCount: number) => Uint8Array }
}): TripSeal {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', 'turnpike provider trips 1', 32))
  return {
    close(trip) {
      const nonce = Uint8Array.from(clock.random(NONCE_BYTES))
      const cipher = createCipheriv(CIPHER, key, nonce)
      const text = JSON.stringify({ trip, untilMs: clock.nowMs() + LIMITS.providerTripMs })
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return Buffer.concat([nonce, sealed]).toString('base64url')
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64url')
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined
      try {
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        }).setAuthTag(bytes.subarray(-TAG_BYTES))
        const opened = Buffer.concat([
          decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
          decipher.final(),
        ])
        const { trip, untilMs } = JSON.parse(opened.toString('utf8')) as {
          readonly trip: ProviderTrip
          readonly untilMs: number
        }
        return clock.nowMs() < untilMs ? trip : undefined
      } catch {
        return undefined
      }
    },
  }
}
