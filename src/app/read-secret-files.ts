import { readFileSync } from 'node:fs'
import { ConfigError, type Environment } from '../config/read-config.ts'

const SECRETS: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'REDIS_URL',
  'TURNPIKE_ADMIN_TOKEN',
  'TURNPIKE_AUDIT_KEY',
  'TURNPIKE_FACILITATOR_ACCESS_TOKEN',
  'TURNPIKE_FACILITATOR_KEY',
  'TURNPIKE_QUOTE_SECRET',
  'TURNPIKE_RECEIVER_AUTHORIZER_KEY',
  'TURNPIKE_SIGNER_KEY',
  'TURNPIKE_TILL_KEY',
  'TURNPIKE_WEBHOOK_KEY',
  'TURNPIKE_WEBHOOK_SECRET',
])

const isSecret = (name: string) =>
  SECRETS.has(name) || name.endsWith('_API_KEY') || name.startsWith('TURNPIKE_FACILITATOR_TOKEN_')

/**
 * The environment with its secrets read from files: `<NAME>_FILE` names the file of `<NAME>`, as container platforms mount them.
 *
 * @throws ConfigError for a file that cannot be read, and where a secret is given both ways. It never repeats a content.
 * @example readSecretFiles({ OPENAI_API_KEY_FILE: '/run/secrets/openai' }) // { OPENAI_API_KEY: 'sk-…' }
 */
export function readSecretFiles(environment: Environment): Environment {
  const problems: string[] = []
  const read = Object.entries(environment).map(([variable, path]): readonly [string, string | undefined] => {
    const name = variable.replace(/_FILE$/, '')
    if (name === variable || !isSecret(name) || !path) return [variable, path]
    if (environment[name]) problems.push(`${name} and ${variable} are both set: keep one of them.`)
    return [name, contentOf({ variable, path, problems })]
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.fromEntries(read)
}

function contentOf({
  variable,
  path,
  problems,
}: {
  variable: string
  path: string
  problems: string[]
}): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    problems.push(`${variable}: ${path} cannot be read.`)
    return undefined
  }
}
