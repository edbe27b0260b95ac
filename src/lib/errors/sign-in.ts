import { defineErrors, unknownCaller } from './define.ts'

/** Raised where members sign in. */
export const SIGN_IN_ERRORS = defineErrors({
  login_failed: unknownCaller(
    'E-mail and password do not belong together.',
    'Try again, or have an administrator of your unit make you an invitation. Whether the e-mail is known is not told.',
  ),
  login_throttled: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'There were too many tries to sign in.',
    next: 'Try again after Retry-After.',
  },
  session_required: unknownCaller(
    'Nobody is signed in, or the session is over.',
    'Sign in again: POST /admin/v1/sessions.',
  ),
  session_request_refused: {
    status: 403,
    type: 'permission_error',
    retryable: false,
    message: 'A session alone does not show that this page meant to send that.',
    next: 'Send x-csrf-token with csrf_token of GET /admin/v1/sessions/current, from a page of this server. Programs use a key.',
  },
  login_taken: {
    status: 409,
    type: 'conflict_error',
    retryable: false,
    message: 'Somebody else signs in with that.',
    next: 'Use another e-mail, or archive the login that has it.',
  },
  invitation_invalid: unknownCaller(
    'This invitation is not good, or not any more.',
    'An invitation is good once and for a day. Have an administrator of your unit make a new one.',
  ),
  login_unavailable: {
    status: 503,
    type: 'api_error',
    retryable: false,
    message: 'This server does not know under which name it is reached, so nobody can sign in.',
    next: 'The operator sets TURNPIKE_ADMIN_URL or TURNPIKE_PUBLIC_URL to the origin of this listener. Tokens and keys are not concerned.',
  },
  identity_provider_missing: {
    status: 409,
    type: 'conflict_error',
    retryable: false,
    message: 'No identity provider is configured here.',
    next: 'Sign in with a password, or have the operator set TURNPIKE_OIDC_ISSUER, TURNPIKE_OIDC_CLIENT_ID and TURNPIKE_OIDC_CLIENT_SECRET.',
  },
  identity_provider_away: {
    status: 503,
    type: 'api_error',
    retryable: true,
    message: 'The identity provider does not answer.',
    next: 'Try again in a while, or sign in with a password.',
  },
  identity_refused: unknownCaller(
    'What came back from the identity provider does not let anybody in.',
    'Begin again at GET /admin/v1/sessions/oidc. If it stays so, an administrator has to give you a login first.',
  ),
})
