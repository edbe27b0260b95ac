import { createHmac } from 'node:crypto'
import { type AdminStore, EVERY_ORGANIZATION, type GovernedResources } from '../admin-ports.ts'
import type { Passwords } from './passwords.ts'

export type LoginRecord = GovernedResources['logins']

/** How logins are found and checked. */
export type Logins = Passwords & {
  /** Under which digests somebody may be known; the first is how new logins are written. */
  readonly digestsOf: (kind: 'email' | 'subject', text: string) => readonly string[]
}

/** Apart from what else a pepper signs. */
const LABELS = { email: 'turnpike login email 1\n', subject: 'turnpike login subject 1\n' } as const

/** One spelling of an e-mail: providers that tell capitals apart are no more. */
export const plainEmail = (email: string): string => email.normalize('NFKC').trim().toLowerCase()

/**
 * Digests under the peppers of keys, newest first: who reads the database learns nobody's e-mail, and a login lives as long as its own pepper is
 * listed.
 */
export function createLogins({
  peppers,
  passwords,
}: {
  peppers: ReadonlyMap<number, string>
  passwords: Passwords
}): Logins {
  const newestFirst = [...peppers].toSorted(([one], [other]) => other - one).map(([, pepper]) => pepper)
  return {
    ...passwords,
    digestsOf: (kind, text) =>
      newestFirst.map((pepper) =>
        createHmac('sha256', pepper)
          .update(LABELS[kind])
          .update(kind === 'email' ? plainEmail(text) : text)
          .digest('base64url'),
      ),
  }
}

/** The living login with one of these digests, of whatever organisation. */
export async function findLogin({
  store,
  by,
  digests,
}: {
  store: Pick<AdminStore, 'list'>
  by: 'emailDigest' | 'subjectDigest' | 'invitationHash'
  digests: readonly string[]
}): Promise<LoginRecord | undefined> {
  const pages = await Promise.all(
    digests.map((digest) =>
      store.list({ resource: 'logins', tenant: EVERY_ORGANIZATION, where: { [by]: digest }, limit: 1 }),
    ),
  )
  return pages.flatMap(({ items }) => items)[0]
}
