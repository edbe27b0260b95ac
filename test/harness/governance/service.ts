import type { Edit } from '../mutant-hooks.ts'
import { startChild } from '../world/start-child.ts'
import { type GovernedStack, startGovernedStack } from '../../support/governed-stack.ts'
import { STACK } from './world.ts'

/** One or several servers over one database; organisations are made here, calls go to all of them in turn. */
export type Service = {
  readonly stack: GovernedStack
  readonly chatUrls: readonly string[]
  /** Ends one of the other processes where it is. */
  readonly kill: () => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Starts servers: the harness's own process has one, the others are processes of their own.
 *
 * @param edits bugs that are planted in the others; then none of the calls goes to this process.
 */
export async function openService({
  databaseUrl,
  processes,
  edits = [],
  log,
}: {
  databaseUrl: string
  processes: number
  edits?: readonly Edit[]
  log: string
}): Promise<Service> {
  const stack = await startGovernedStack({ ...STACK, databaseUrl })
  const isMutated = edits.length > 0
  const others = await Promise.all(
    Array.from({ length: isMutated ? processes : processes - 1 }, async () => {
      const path = new URL('./server-process.ts', import.meta.url).pathname
      const child = await startChild({ path, log, edits })
      return { child, chatUrl: await child.ask<string>('open', databaseUrl) }
    }),
  )
  const urls = others.map(({ chatUrl }) => chatUrl)
  return {
    stack,
    chatUrls: isMutated ? urls : [stack.chatUrl, ...urls],
    kill: async () => {
      const [last] = others.slice(-1)
      last?.child.kill()
      await last?.child.ended
    },
    close: async () => {
      await Promise.all(others.map(({ child }) => child.stop()))
      await stack.close()
    },
  }
}
