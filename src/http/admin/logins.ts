import { z } from 'zod'
import { archiveLogin, setLogin } from '../../call/govern/change-logins.ts'
import { LIMITS } from '../../lib/limits.ts'
import { isoTime, version, versionOnly } from './fields.ts'
import { type AdminRoute, type Kind, showing, writing } from './route.ts'

/** Never an e-mail: it is not kept. */
const KIND: Kind<'logins'> = {
  resource: 'logins',
  shape: (_desk, logins) =>
    logins.map((login) => ({
      object: 'login',
      principal_id: login.id,
      organization_id: login.organizationId,
      has_email: login.emailDigest !== undefined,
      has_password: login.passwordHash !== undefined,
      password_set_at: isoTime(login.passwordSetAtMs),
      invited_until: isoTime(login.invitationExpiresAtMs),
      has_identity_provider: login.subjectDigest !== undefined,
      version: login.version,
      archived_at: isoTime(login.archivedAtMs),
    })),
}

const EMAIL_CHARS = 254

export const LOGIN_ROUTES: readonly AdminRoute[] = [
  showing({
    path: '/principals/:id/login',
    id: 'getLogin',
    summary: 'Whether and how a member can sign in',
    permission: 'principals:read',
    kind: KIND,
  }),
  writing({
    path: '/principals/:id/login',
    id: 'setLogin',
    summary:
      'Lets a member sign in: with a password, or without one by `invitation` of the answer, which is shown this once and good for a day. Ends what was before',
    permission: 'principals:write',
    kind: KIND,
    isNew: true,
    body: z.strictObject({
      email: z.email().max(EMAIL_CHARS),
      password: z
        .string()
        .max(LIMITS.passwordChars * 4)
        .optional()
        .describe('Absent: an invitation is made.'),
      version,
    }),
    decide: ({ desk, params, body, version }) =>
      setLogin(desk, {
        principalId: params['id'] ?? '',
        email: body.email,
        password: body.password,
        version,
      }),
  }),
  writing({
    path: '/principals/:id/login/archive',
    id: 'archiveLogin',
    summary: 'Ends a login and its sessions; its e-mail is free again',
    permission: 'principals:write',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => archiveLogin(desk, { principalId: params['id'] ?? '', version }),
  }),
]
