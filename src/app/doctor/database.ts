import type { DatabaseSight } from '../../storage/database/reach-postgres.ts'
import { fail, ok, type Verdict, warn } from './verdict.ts'

/** Of an embedded database: who has its folder, and what that server says of it. */
export type FolderSight = {
  readonly folder: string
  readonly holderPid: number | undefined
  readonly isWritable: boolean
  /** Undefined where no server could be asked. */
  readonly isReady: boolean | undefined
}

export function judgeDatabase(sight: DatabaseSight): Verdict {
  const name = 'database'
  if (sight.kind === 'silent') {
    return fail({
      name,
      seen: `Postgres does not answer (${sight.code}).`,
      fix: 'Start it, or correct DATABASE_URL.',
    })
  }
  const seen = `Postgres answers in ${sight.elapsedMs} ms`
  if (sight.hasLedger) return ok(name, seen)
  return warn({
    name,
    seen: `${seen}, and has no ledger yet.`,
    fix: 'Run turnpike migrate, or let the first start do it.',
  })
}

export function judgeFolder({
  folder,
  holderPid,
  isWritable,
  isReady,
  isDev,
}: FolderSight & { isDev: boolean }): Verdict {
  const name = 'database'
  if (!isWritable) {
    return fail({
      name,
      seen: `the embedded database cannot be written to ${folder}.`,
      fix: 'Give this user the folder, or name another in TURNPIKE_DATA_DIR.',
    })
  }
  if (holderPid !== undefined && isReady === false) {
    return fail({
      name,
      seen: `the server that has ${folder} (process ${holderPid}) says that its database does not answer.`,
      fix: 'Read its log and restart it.',
    })
  }
  const seen =
    holderPid === undefined ? 'embedded, in use by nobody' : `embedded, in use by process ${holderPid}`
  if (isDev) return ok(name, seen)
  return warn({
    name,
    seen: `${seen}; it does not fsync, so that a power cut may take the last commits.`,
    fix: 'Set DATABASE_URL to a Postgres where money is real.',
  })
}
