import { alive, passWithLooks, restart, type Step } from './step.ts'

/** What happens to the processes, and to time. */
export const SERVER_STEPS = {
  look: (world) => {
    const process = alive(world)
    const everything = world.random.percent(30)
    world.scheduler.start(process.life, () => process.look({ everything }))
  },
  wait: (world) => world.scheduler.pass(world.random.pick([500, 2_000, 8_000, 20_000])),
  waitLong: (world) => passWithLooks(world, 3, 220_000),
  crash: (world) => {
    const process = world.processes.length > 0 ? world.random.pick(world.processes) : undefined
    if (process) world.end(process, 'anywhere')
  },
  start: (world) => {
    if (world.processes.length < 2) restart(world)
  },
  queueLost: (world) => {
    world.isWaking = !world.isWaking
  },
} as const satisfies Record<string, Step>
