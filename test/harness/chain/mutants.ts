import { fileURLToPath } from 'node:url'
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Edit } from '../mutant-hooks.ts'
import type { PartOptions } from '../part.ts'
import { startChild } from '../world/start-child.ts'
import type { Finding } from './judge-case.ts'

type ChainMutant = {
  readonly name: string
  /** The case that has to see it. */
  readonly seenBy: string
  readonly edits: readonly Edit[]
}

/** Known bugs that only a real chain shows: what its logs look like, and what its nodes say. */
const MUTANTS: readonly ChainMutant[] = [
  {
    name: 'the fee of a token is not seen in its logs',
    seenBy: 'USDT takes a fee between settlement and block',
    edits: [
      {
        file: 'src/settlement/confirm/judge-receipt.ts',
        from: 'leftAtomic: arrivedAtomic > 0n && left > arrivedAtomic ? left : arrivedAtomic',
        to: 'leftAtomic: arrivedAtomic > 0n && left > arrivedAtomic ? arrivedAtomic : arrivedAtomic',
      },
    ],
  },
  {
    name: 'a stranger is not looked for',
    seenBy: 'somebody else submits our claim first',
    edits: [
      {
        file: 'src/chain/read/find-channel-moves.ts',
        from: 'const logs =',
        to: 'const logs: unknown[] = channelId ? [] :',
      },
    ],
  },
  {
    name: 'one RPC is believed',
    seenBy: 'two RPCs disagree about a receipt',
    edits: [
      {
        file: 'src/chain/read/get-receipt.ts',
        from: 'if (answers.length === 1) return first',
        to: 'if (answers.length >= 1) return first',
      },
    ],
  },
]
const PROCESS = fileURLToPath(new URL('case-process.ts', import.meta.url))

/** In the long form; cheaper tests see these bugs as well. @returns by the name of each mutant that its case has seen, what was wrong. */
export async function findChainMutants({ short, onProgress }: PartOptions): Promise<{
  readonly caughtBy: Readonly<Record<string, string>>
  readonly names: readonly string[]
}> {
  const mutants = short ? [] : MUTANTS
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-chain-mutants-'))
  const caughtBy: Record<string, string> = {}
  try {
    for (const { name, seenBy, edits } of mutants) {
      const child = await startChild<boolean>({ path: PROCESS, log: join(folder, 'log'), edits })
      const { wrong } = await child.ask<Finding>('run', seenBy)
      await child.stop()
      if (wrong[0] !== undefined) caughtBy[name] = wrong[0]
      onProgress(`mutant "${name}": ${wrong[0] ?? 'not seen'}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { caughtBy, names: mutants.map(({ name }) => name) }
}
