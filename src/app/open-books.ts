import { randomUUID } from 'node:crypto'
import type { AppOptions } from './open-app.ts'
import { openStorage } from '../storage/open-storage.ts'

/** The ledger alone, for commands that look at it while no server runs. */
export async function openBooks({ place, region }: Pick<AppOptions, 'place' | 'region'>) {
  const storage = await openStorage({ ...place, region, instanceId: randomUUID() })
  return {
    checkLedger: storage.ledger.check,
    trialBalance: storage.ledger.trialBalance,
    close: storage.close,
  }
}

export type Books = Awaited<ReturnType<typeof openBooks>>
