import type { Process } from '../process/process.ts'
import type { World } from '../world.ts'
import { createPayer, type Payer, type Wallet } from './payer.ts'

/** One thing that happens in a history. */
export type Step = (world: World) => void | Promise<void>

/** A process begins with a look at what its predecessors have left. */
export function restart(world: World): Process {
  const process = world.begin()
  world.scheduler.start(process.life, () => process.look())
  return process
}

export const alive = (world: World): Process => {
  const { processes, random } = world
  return processes.length === 0 ? restart(world) : random.pick(processes)
}

export function anyWallet(world: World): { payer: Payer; wallet: Wallet } {
  const { payers, random } = world
  const payer =
    payers.length === 0 || (payers.length < 2 && random.percent(30))
      ? createPayer(world)
      : random.pick(payers)
  return { payer, wallet: random.pick(payer.wallets) }
}

/** Time goes by while the servers live and look at what is due, as their timer makes them. */
export async function passWithLooks(world: World, hops: number, hopMs: number): Promise<void> {
  for (let hop = 0; hop < hops; hop += 1) {
    await world.scheduler.pass(hopMs)
    const process = alive(world)
    world.scheduler.start(process.life, () => process.look())
    await world.scheduler.run()
  }
}
