import { openApp } from '../app/open-app.ts'
import { serveOptions } from '../app/options/serve-options.ts'
import { createProgress } from './progress.ts'
import { readEnvironment } from './read-environment.ts'
import { untilStopped } from './until-stopped.ts'

/** `turnpike serve`: real providers, real chains, from the environment. Refuses to start half-configured. */
export async function serve(): Promise<void> {
  const { config, environment } = readEnvironment()
  const progress = createProgress()
  for (const warning of config.warnings) progress.note(warning)
  const options = serveOptions({ config, environment })
  const app = await openApp({ ...options, onProgress: progress.step })
  progress.done()
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: app.url, adminUrl: app.adminUrl })}\n`)
  await untilStopped()
  await app.close()
}
