import { z } from 'zod'
import { createKey, revokeKey, revokeVoucher, rotateKeyOf } from '../../call/govern/change-keys.ts'
import { displayPrefix } from '../../governance/keys/api-key.ts'
import { keyState } from '../../governance/keys/check-key.ts'
import { PERMISSION_NAMES } from '../../governance/roles/permissions.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { id, isoTime, name, pageQuery, permission, time, version, versionOnly } from './fields.ts'
import { type AdminRoute, type Kind, listing, showing, writing } from './route.ts'

/** Never the hash of a secret: it says nothing to a reader. */
const KIND: Kind<'keys'> = {
  resource: 'keys',
  shape: ({ nowMs }, keys) =>
    keys.map((key) => ({
      object: 'key',
      id: key.id,
      organization_id: key.organizationId,
      principal_id: key.principalId,
      name: key.name,
      kind: key.kind,
      prefix: displayPrefix(key),
      scopes: key.scopes,
      state: keyState({ key, nowMs }),
      created_at: isoTime(key.createdAtMs),
      expires_at: isoTime(key.expiresAtMs),
      revoked_at: isoTime(key.revokedAtMs),
      revoked_vouchers: (key.revokedVouchers ?? []).map(({ id: voucher, atMs }) => ({
        id: voucher,
        revoked_at: isoTime(atMs),
      })),
      rotated_from_id: key.rotatedFromId ?? null,
      version: key.version,
      archived_at: isoTime(key.archivedAtMs),
    })),
}

const TEN_YEARS_SECONDS = 10 * 366 * 86_400
const lifeSeconds = z.int().min(1).max(TEN_YEARS_SECONDS)

const expiry = {
  expires_at: time.optional(),
  expires_in_seconds: lifeSeconds.optional().describe('Instead of expires_at.'),
}

/** @throws TurnpikeError `contradicting_options`. */
function expiresAtMs({
  expires_at: atMs,
  expires_in_seconds: seconds,
  nowMs,
}: {
  expires_at?: number | undefined
  expires_in_seconds?: number | undefined
  nowMs: number
}): number | undefined {
  if (atMs !== undefined && seconds !== undefined)
    throw new TurnpikeError('contradicting_options', {
      param: 'expires_in_seconds',
      message: 'expires_at and expires_in_seconds say the same: send one of them.',
    })
  return seconds === undefined ? atMs : nowMs + seconds * 1_000
}

const seconds = (value: number | undefined) => (value === undefined ? undefined : value * 1_000)

export const KEY_ROUTES: readonly AdminRoute[] = [
  listing({
    path: '/keys',
    id: 'listKeys',
    summary: 'Keys, never their secrets',
    permission: 'keys:read',
    kind: KIND,
    filters: { principal_id: 'principalId', kind: 'kind' },
    query: pageQuery(['principal_id', 'kind']),
  }),
  showing({ path: '/keys/:id', id: 'getKey', summary: 'One key', permission: 'keys:read', kind: KIND }),
  writing({
    path: '/keys',
    id: 'createKey',
    summary: 'Makes a key; `key` of the answer is shown this once',
    permission: 'keys:create',
    kind: KIND,
    isNew: true,
    body: z.strictObject({
      principal_id: id,
      name,
      kind: z.enum(['inference', 'management']),
      scopes: z
        .array(permission)
        .max(PERMISSION_NAMES.length)
        .nullish()
        .describe('Permissions; everything that kind and principal allow where absent.'),
      ...expiry,
    }),
    decide: ({ desk, body }) =>
      createKey(desk, {
        principalId: body.principal_id,
        name: body.name,
        kind: body.kind,
        scopes: body.scopes ?? null,
        expiresAtMs: expiresAtMs({ ...body, nowMs: desk.nowMs }),
      }),
  }),
  writing({
    path: '/keys/:id/rotate',
    id: 'rotateKey',
    summary: 'Puts a new key in its place; both are good for the overlap',
    permission: 'keys:rotate',
    kind: KIND,
    isNew: true,
    body: z.strictObject({
      overlap_seconds: z.int().min(0).optional().describe('A day where absent; 0 ends the old one at once.'),
      expires_in_seconds: lifeSeconds
        .optional()
        .describe('As long as the old one was made for where absent.'),
      version,
    }),
    decide: ({ desk, params, body, version }) =>
      rotateKeyOf(desk, {
        id: params['id'] ?? '',
        overlapMs: seconds(body.overlap_seconds),
        lifeMs: seconds(body.expires_in_seconds),
        version,
      }),
  }),
  writing({
    path: '/keys/:id/revoke',
    id: 'revokeKey',
    summary: 'Revokes a key at once and for good',
    permission: 'keys:revoke',
    kind: KIND,
    body: versionOnly,
    decide: ({ desk, params, version }) => revokeKey(desk, { id: params['id'] ?? '', version }),
  }),
  writing({
    path: '/keys/:id/vouchers/revoke',
    id: 'revokeVoucher',
    summary:
      'Takes one voucher of a key back, with all that was narrowed from it; the key and its others stay',
    permission: 'keys:revoke',
    kind: KIND,
    body: z.strictObject({
      voucher: z
        .string()
        .regex(/^vch_[\w.-]{1,64}$/)
        .describe(
          'Its name, `vch_…`: of the answer that handed it out, of GET /v1/vouchers/me, or of a call.',
        ),
      version,
    }),
    decide: ({ desk, params, body, version }) =>
      revokeVoucher(desk, { id: params['id'] ?? '', voucherId: body.voucher, version }),
  }),
]
