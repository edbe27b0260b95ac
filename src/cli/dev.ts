import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockFolder } from '../app/lock-folder.ts'
import { loadDevWorld } from './load-dev-world.ts'
import { readyFile } from './ask-server.ts'
import { devAdminToken, openDevApp } from './dev-app.ts'
import { createProgress } from './progress.ts'
import { readEnvironment } from './read-environment.ts'
import { untilStopped } from './until-stopped.ts'

/** `turnpike dev`: the laptop's world, up until Ctrl-C. Prints one JSON line on stdout when it takes calls. */
export async function dev({ fresh, json }: { fresh: boolean; json: boolean }): Promise<void> {
  const { startDevWorld } = await loadDevWorld()
  const { config, environment } = readEnvironment()
  const progress = createProgress({ quiet: json })
  const dataDirectory = config.TURNPIKE_DATA_DIR
  for (const warning of config.warnings) progress.note(warning)

  // Before the chain: a second chain on the same state file would overwrite it at its end.
  const lock = lockFolder({ folder: join(dataDirectory, 'dev') })
  if (fresh) forget(dataDirectory)
  const world = await startDevWorld({ config, dataDirectory, onProgress: progress.step })
  const overrides = { onProgress: progress.step }
  const app = await openDevApp({ config, environment, world, overrides }).catch(async (error: unknown) => {
    await world.close()
    throw error
  })
  progress.done()
  const { chain } = world
  const ready = {
    event: 'ready',
    url: app.url,
    rpcUrl: chain.rpcUrl,
    chainId: chain.chainId,
    usdc: chain.usdc,
    usdt: chain.usdt,
    payTo: world.payTo,
    payerPrivateKey: world.payerPrivateKey,
    adminToken: config.TURNPIKE_ADMIN_TOKEN ?? devAdminToken(chain.genesisHash),
    ...(config.TURNPIKE_SIM === 'on' ? { providerUrl: world.provider.url } : {}),
  }
  writeFileSync(readyFile(dataDirectory), JSON.stringify(ready), { mode: 0o600 })
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  progress.note(`\nOn play money only. Ask for a price:\n  curl -i ${app.url}/v1/chat/completions\n`)
  if (!config.DATABASE_URL)
    progress.note('The embedded database survives a kill, not a power cut: it does not fsync.')

  await untilStopped()
  progress.note('Stopping: calls that run may finish.')
  rmSync(readyFile(dataDirectory), { force: true })
  await app.close()
  await world.close()
  lock.release()
}

/** Chain and ledger of earlier runs; they only mean something together. */
function forget(dataDirectory: string): void {
  for (const name of ['dev-chain.json', 'ledger']) {
    rmSync(join(dataDirectory, name), { recursive: true, force: true })
  }
}
