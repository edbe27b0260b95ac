import { readSecretFiles } from '../app/read-secret-files.ts'
import { type Config, type Environment, readConfig } from '../config/read-config.ts'

/** What this process was started with, or what is given, secrets read from their files. @throws ConfigError */
export function readEnvironment(given: Environment = process.env): {
  readonly environment: Environment
  readonly config: Config
} {
  const environment = readSecretFiles(given)
  return { environment, config: readConfig(environment) }
}
