import { facilitatorOptions } from '../app/options/facilitator-options.ts'
import { openFacilitator } from '../app/open-facilitator.ts'
import { createProgress } from './progress.ts'
import { readEnvironment } from './read-environment.ts'
import { untilStopped } from './until-stopped.ts'

/** `turnpike facilitator`: x402's facilitator over HTTP, with a key of its own. One ready line on stdout, then it stays up. */
export async function facilitator({ json }: { json: boolean }): Promise<void> {
  const { config } = readEnvironment()
  const progress = createProgress()
  const note = json ? () => undefined : progress.note
  for (const warning of config.warnings) note(warning)
  const options = facilitatorOptions({ config })
  if (!options.accessToken && !options.payTo)
    note(
      'Anybody may have anybody paid at the cost of your gas, within the rate and the budget of a day, as TURNPIKE_FACILITATOR_PAY_TO=anybody says.',
    )
  const opened = await openFacilitator({ ...options, onNote: note, onError: reportFailure })
  progress.done()
  const networks = options.networks.map(({ network }) => network)
  const ready = { event: 'ready', url: opened.url, address: opened.address, networks }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  await untilStopped()
  await opened.close()
}

/** Names, no messages: those of others may hold addresses of RPCs with their keys. */
function reportFailure({ path, error }: { readonly path: string; readonly error: unknown }): void {
  const name = error instanceof Error ? error.name : typeof error
  process.stderr.write(`${JSON.stringify({ event: 'failure', path, name })}\n`)
}
