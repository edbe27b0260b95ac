import type { Storage } from '../storage/open-storage.ts'

/** A ledger belongs to one chain: a dev chain that was thrown away takes the meaning of its ledger with it. */
export async function requireGenesis({
  meta,
  genesis,
}: {
  meta: Storage['meta']
  genesis: string
}): Promise<void> {
  const known = await meta.get('genesis')
  if (known === undefined) return meta.set('genesis', genesis)
  if (known === genesis) return undefined
  throw new Error(
    'This ledger belongs to another dev chain, so its balances mean nothing here. Start over with: turnpike dev --fresh',
  )
}
