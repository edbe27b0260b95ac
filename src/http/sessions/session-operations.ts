import { z } from 'zod'
import type { ErrorCode } from '../../lib/errors/registry.ts'
import { LIMITS } from '../../lib/limits.ts'

const EMAIL_CHARS = 254
const INVITATION_CHARS = 200
/** What is longer is refused by its rule; this only bounds the work. */
const secretText = z
  .string()
  .min(1)
  .max(LIMITS.passwordChars * 4)

export const SIGN_IN = z.strictObject({
  email: z.string().min(1).max(EMAIL_CHARS),
  password: secretText,
})
export const INVITATION = z.strictObject({
  invitation: z.string().min(1).max(INVITATION_CHARS),
  password: secretText.describe('The one that its holder chooses.'),
})
export const PASSWORD = z.strictObject({ password: secretText, new_password: secretText })

/** One way in or out, as the document tells it. The routes themselves are in session-routes and provider-routes. */
export type SessionOperation = {
  readonly method: 'get' | 'post' | 'delete'
  readonly path: `/sessions${string}`
  readonly id: string
  readonly summary: string
  readonly body?: z.ZodObject
  readonly query?: z.ZodObject
  /** Whether it takes the cookie of a session; what changes something beside it x-csrf-token. */
  readonly isSignedIn: boolean
  readonly answers: 200 | 201 | 303
  readonly codes: readonly ErrorCode[]
}

/** What whoever comes in by a body can meet. */
const ENTERING: readonly ErrorCode[] = [
  'login_throttled',
  'login_unavailable',
  'session_request_refused',
  'invalid_json',
  'body_too_large',
  'missing_field',
  'invalid_field',
  'unknown_field',
]
const PROVIDED: readonly ErrorCode[] = [
  'identity_provider_missing',
  'identity_provider_away',
  'login_throttled',
  'login_unavailable',
  'session_request_refused',
]

export const SESSION_OPERATIONS: readonly SessionOperation[] = [
  {
    method: 'post',
    path: '/sessions',
    id: 'signIn',
    summary: 'Signs a member in by e-mail and password; the answer has a cookie and csrf_token',
    body: SIGN_IN,
    isSignedIn: false,
    answers: 201,
    codes: ['login_failed', ...ENTERING],
  },
  {
    method: 'post',
    path: '/sessions/invitation',
    id: 'acceptInvitation',
    summary: 'Takes an invitation, once: its holder chooses a password and is signed in',
    body: INVITATION,
    isSignedIn: false,
    answers: 201,
    codes: ['invitation_invalid', ...ENTERING],
  },
  {
    method: 'get',
    path: '/sessions/current',
    id: 'getSession',
    summary: 'Who is signed in, with grants and csrf_token',
    isSignedIn: true,
    answers: 200,
    codes: ['session_required'],
  },
  {
    method: 'delete',
    path: '/sessions/current',
    id: 'signOut',
    summary: 'Signs out',
    isSignedIn: true,
    answers: 200,
    codes: ['session_required', 'session_request_refused'],
  },
  {
    method: 'post',
    path: '/sessions/password',
    id: 'changePassword',
    summary: 'Another password; all other sessions end, and this one is opened anew',
    body: PASSWORD,
    isSignedIn: true,
    answers: 201,
    codes: ['session_required', 'login_failed', ...ENTERING],
  },
  {
    method: 'get',
    path: '/sessions/oidc',
    id: 'signInProvided',
    summary: 'To the identity provider, which sends the browser back to the callback',
    query: z.strictObject({
      return_to: z.string().optional().describe('A path of this server; the console where it is left out.'),
    }),
    isSignedIn: false,
    answers: 303,
    codes: ['invalid_field', ...PROVIDED],
  },
  {
    method: 'get',
    path: '/sessions/oidc/callback',
    id: 'finishSignInProvided',
    summary: 'Where the identity provider sends the browser back to; register it there',
    isSignedIn: false,
    answers: 303,
    codes: ['identity_refused', ...PROVIDED],
  },
]
