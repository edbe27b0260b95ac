import { hasPostgres, MISSING_POSTGRES } from '../../support/postgres.ts'
import type { Edit } from '../mutant-hooks.ts'
import type { PartOptions } from '../part.ts'
import type { World } from '../world/open-world.ts'
import type { Wallet } from '../world/wallets.ts'
import { raceTurnpike } from './race-turnpike.ts'

const CLAIM = { file: 'src/call/admit/admission.ts', from: '    paymentKey: paymentKey(payment),\n' } as const

/** Known bugs that a race must see. Each is planted in both processes of a cell. */
const MUTANTS: Readonly<Record<string, readonly Edit[]>> = {
  'each process keeps its own claims': [
    {
      ...CLAIM,
      to: '    paymentKey: paymentKey(payment).map((byte, index) => (index < 2 ? byte ^ (process.pid >> (8 * index)) : byte)),\n',
    },
  ],
  'a claim is the request, not the payment': [
    {
      ...CLAIM,
      to: '    paymentKey: paymentKey(payment).map((byte, index) => byte ^ (planned.callId.charCodeAt(index % planned.callId.length) ?? 0)),\n',
    },
  ],
}
const COPIES = 10

export type FoundMutants = {
  readonly mutants: { readonly caught: number; readonly total: number }
  /** By name, how often the work was done for one payment. */
  readonly runs: Readonly<Record<string, number>>
  readonly violations: readonly string[]
  readonly skipped: readonly string[]
}

/** The first is seen by a race alone; the short form leaves the other to the simulation. */
export async function findMutants({
  world,
  wallet,
  short,
  onProgress,
}: Pick<PartOptions, 'short' | 'onProgress'> & {
  world: World
  wallet: Wallet
}): Promise<FoundMutants> {
  const names = Object.keys(MUTANTS).slice(0, short ? 1 : undefined)
  if (!hasPostgres) {
    const skipped = names.map((name) => `race: the mutant "${name}" ${MISSING_POSTGRES}`)
    return { mutants: { caught: 0, total: 0 }, runs: {}, violations: [], skipped }
  }
  const runs: Record<string, number> = {}
  for (const name of names) {
    const edits = MUTANTS[name] ?? []
    const service = await world.openService({ finalityBlocks: 0, edits })
    const slots = await Promise.all([service.openServer(), service.openServer()])
    runs[name] = (await raceTurnpike({ world, slots, wallet, scheme: 'upto', copies: COPIES })).runs
    await service.close()
    onProgress(`mutant "${name}": ${runs[name]} runs of one payment`)
  }
  const lived = names.filter((name) => (runs[name] ?? 0) < 2)
  return {
    mutants: { caught: names.length - lived.length, total: names.length },
    runs,
    violations: lived.map((name) => `the mutant "${name}" was not seen`),
    skipped: [],
  }
}
