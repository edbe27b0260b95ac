import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import type { HttpDependencies } from '../http/dependencies.ts'
import type { Storage } from '../storage/open-storage.ts'
import { checkpointSigner } from './checkpoint-signer.ts'
import { clock } from './clock.ts'
import type { AppOptions } from './options.ts'

const SECRET_BYTES = 32
const IV_BYTES = 12

/** One server secret makes many keys, each under its own label. */
const derived = (secret: string, label: string): Buffer => createHmac('sha256', secret).update(label).digest()

/** What the routes of administration are given. */
export function administration({
  options: { secret, genesis, auditKey },
  storage,
}: {
  options: AppOptions
  storage: Storage
}): HttpDependencies['administration'] {
  const digestKey = derived(secret, 'turnpike administration digest 1')
  const sealKey = derived(secret, 'turnpike webhook secrets 1')
  return {
    store: storage.governance,
    budgets: storage.budgets,
    clock,
    keys: {
      pepper: derived(secret, 'turnpike key pepper 1'),
      pepperVersion: 1,
      isTest: genesis !== undefined,
    },
    digest: (text) => createHmac('sha256', digestKey).update(text).digest('base64url'),
    newWebhookSecret: () => {
      const secretText = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`
      return { secret: secretText, sealed: seal({ text: secretText, key: sealKey }) }
    },
    ...(auditKey === undefined ? {} : { checkpoints: checkpointSigner({ privateKey: auditKey }) }),
  }
}

/** AES-256-GCM: nonce, tag, cipher text, as base64url. */
function seal({ text, key }: { text: string; key: Buffer }): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
}
