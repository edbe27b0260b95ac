import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** Signal 0 asks whether a process exists without touching it; EPERM says that it does, under another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const readPid = (path: string): number | undefined => {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10)
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

const lockOf = (folder: string) => `${resolve(folder)}.lock`

/** The living process that has a data folder, if one has. */
export function holderOfFolder({ folder }: { folder: string }): number | undefined {
  const pid = readPid(lockOf(folder))
  return pid !== undefined && isAlive(pid) ? pid : undefined
}

/**
 * Claims a data folder for this process by a file beside it. PGlite itself would let two processes write one folder,
 * and tear it. The lock of a dead process is taken over; that of a living one never.
 *
 * @throws Error naming the pid that has the folder.
 */
export function takeFolderLock({ folder }: { folder: string }): { readonly release: () => void } {
  const path = lockOf(folder)
  // The file appears with its pid in it, never empty: an empty lock would look like one left behind.
  const own = `${path}.${process.pid}`
  writeFileSync(own, `${process.pid}\n`)
  try {
    return claim({ folder, path, own })
  } finally {
    rmSync(own, { force: true })
  }
}

function claim({ folder, path, own }: { folder: string; path: string; own: string }) {
  for (let round = 0; round < 3; round += 1) {
    try {
      linkSync(own, path)
      return { release: () => unlinkSync(path) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const pid = readPid(path)
    if (pid !== undefined && isAlive(pid)) {
      throw new Error(
        `The data folder ${resolve(folder)} is in use by process ${pid}. Stop it, or choose another folder.`,
      )
    }
    unlinkSync(path)
  }
  throw new Error(`The lock ${path} could not be taken. Is another process starting on the same folder?`)
}
