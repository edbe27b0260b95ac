import * as openid from 'openid-client'
import type { IdentityProvider, ProvidedIdentity } from '../call/session-ports.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'

const SCOPE = 'openid email profile'

export type OpenIdOptions = {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Where the provider says groups in its id token. */
  readonly groupsClaim: string
}

/**
 * An OpenID Connect provider: authorisation code with PKCE, state and nonce; the id token's signature is checked against the provider's keys as
 * well, though it comes over TLS from the provider itself. What is wrong in an answer is told to nobody but as a refusal.
 *
 * @example
 * const provider = createOpenIdProvider({ issuer: 'https://id.example.com', clientId, clientSecret, groupsClaim: 'groups' })
 * const { url, trip } = await provider.begin({ redirectUri, returnTo: '/console/' })
 */
export function createOpenIdProvider({
  issuer,
  clientId,
  clientSecret,
  groupsClaim,
}: OpenIdOptions): IdentityProvider {
  let found: Promise<openid.Configuration> | undefined
  /** Asked once it answers: a provider that is away at the start is asked again. */
  const configuration = async () => {
    found ??= discover({ issuer, clientId, clientSecret })
    try {
      return await found
    } catch (cause) {
      found = undefined
      throw new TurnpikeError('identity_provider_away', { cause })
    }
  }
  return {
    async begin({ redirectUri, returnTo }) {
      const config = await configuration()
      const verifier = openid.randomPKCECodeVerifier()
      const trip = {
        redirectUri,
        returnTo,
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        verifier,
      }
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: SCOPE,
        state: trip.state,
        nonce: trip.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { url: url.href, trip }
    },
    async finish({ query, trip }) {
      const config = await configuration()
      try {
        const tokens = await openid.authorizationCodeGrant(config, new URL(`${trip.redirectUri}${query}`), {
          expectedState: trip.state,
          expectedNonce: trip.nonce,
          pkceCodeVerifier: trip.verifier,
          idTokenExpected: true,
        })
        return identityOf({ claims: tokens.claims(), groupsClaim })
      } catch (cause) {
        throw new TurnpikeError(isAway(cause) ? 'identity_provider_away' : 'identity_refused', { cause })
      }
    },
  }
}

function discover({ issuer, clientId, clientSecret }: Omit<OpenIdOptions, 'groupsClaim'>) {
  const server = new URL(issuer)
  const insecure = server.protocol === 'http:' ? [openid.allowInsecureRequests] : []
  return openid.discovery(server, clientId, clientSecret, undefined, {
    timeout: LIMITS.identityProviderMs / 1_000,
    execute: [openid.enableNonRepudiationChecks, ...insecure],
  })
}

/** A connection that failed or took too long: nothing was said against anybody. */
const isAway = (cause: unknown): boolean =>
  cause instanceof Error &&
  ((cause instanceof TypeError && cause.message === 'fetch failed') ||
    ('code' in cause && cause.code === 'OAUTH_TIMEOUT'))

function identityOf({
  claims,
  groupsClaim,
}: {
  claims: openid.IDToken | undefined
  groupsClaim: string
}): ProvidedIdentity {
  if (!claims) throw new RangeError('The provider has sent no id token.')
  const { iss, sub, email, email_verified: isVerified, name } = claims
  const groups = claims[groupsClaim]
  return {
    issuer: iss,
    subject: sub,
    ...(typeof email === 'string' && isVerified === true ? { email } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
  }
}
