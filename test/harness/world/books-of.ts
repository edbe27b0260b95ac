import { setTimeout as sleep } from 'node:timers/promises'
import type { BooksReport } from '../../../src/app/options/options.ts'
import type { World } from './open-world.ts'
import type { ServerSlot } from './server-slot.ts'

export type Books = { readonly isEqual: boolean; readonly complaints: readonly string[] }

const PASSES = 6
const PAUSE_MS = 50

/** Settles everything, then asks for the verdict on the money: every invariant, and ledger against chain. */
export async function booksOf({
  slots,
  world,
  finalityBlocks,
}: {
  slots: readonly ServerSlot[]
  world: World
  finalityBlocks: number
}): Promise<Books> {
  for (let pass = 0; pass < PASSES; pass += 1) {
    // One of them has the lease of the settlement.
    for (const slot of slots) await slot.ask('settle')
    await world.chain.mine(finalityBlocks + 1)
    await sleep(PAUSE_MS)
  }
  const [first] = slots
  if (!first) return { isEqual: false, complaints: ['There is no server to ask.'] }
  const checks = await first.ask<readonly { name: string; ok: boolean }[]>('check')
  const { differences } = await first.ask<BooksReport>('reconcile')
  return {
    isEqual: differences.length === 0,
    complaints: [
      ...checks.filter(({ ok }) => !ok).map(({ name }) => `the invariant ${name} is broken`),
      ...differences.map((one) => `${one.class} ${one.subject}: ledger ${one.ledger}, chain ${one.chain}`),
    ],
  }
}
