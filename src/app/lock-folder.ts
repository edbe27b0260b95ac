import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { takeFolderLock } from '../storage/database/folder-lock.ts'

/**
 * One process at a time in a folder; its lock file stands beside it.
 *
 * @throws Error naming the process that has it.
 */
export function lockFolder({ folder }: { folder: string }): { readonly release: () => void } {
  mkdirSync(dirname(folder), { recursive: true })
  return takeFolderLock({ folder })
}
