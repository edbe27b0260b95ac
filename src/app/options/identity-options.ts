import { type Config, ConfigError } from '../../config/read-config.ts'
import type { IdentityOptions } from './options.ts'

const TOGETHER = ['TURNPIKE_OIDC_ISSUER', 'TURNPIKE_OIDC_CLIENT_ID', 'TURNPIKE_OIDC_CLIENT_SECRET'] as const

/**
 * Who vouches for members beside their passwords.
 *
 * @throws ConfigError where one of the three variables that belong together is missing.
 */
export function identityOf(config: Config): IdentityOptions | undefined {
  const {
    TURNPIKE_OIDC_ISSUER: issuer,
    TURNPIKE_OIDC_CLIENT_ID: clientId,
    TURNPIKE_OIDC_CLIENT_SECRET: clientSecret,
    TURNPIKE_OIDC_DOMAINS: domains,
    TURNPIKE_OIDC_GROUPS: groups = {},
  } = config
  if (issuer && clientId && clientSecret)
    return {
      issuer,
      clientId,
      clientSecret,
      groupsClaim: config.TURNPIKE_OIDC_GROUPS_CLAIM,
      groups: new Map(Object.entries(groups).map(([name, { unit, role }]) => [name, { unitId: unit, role }])),
      ...(domains ? { domains } : {}),
    }
  const missing = TOGETHER.filter((name) => !config[name])
  if (missing.length === TOGETHER.length) return undefined
  throw new ConfigError(missing.map((name) => `${name} is required with the other TURNPIKE_OIDC variables.`))
}
