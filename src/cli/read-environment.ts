import { readSecretFiles } from '../app/read-secret-files.ts'
import { type Config, type Environment, readConfig } from '../config/read-config.ts'

/** What this process was started with, secrets read from their files. @throws ConfigError */
export function readEnvironment(): { readonly environment: Environment; readonly config: Config } {
  const environment = readSecretFiles(process.env)
  return { environment, config: readConfig(environment) }
}
