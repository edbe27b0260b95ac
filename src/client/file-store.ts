import { open, readFile, rename } from 'node:fs/promises'
import type { Hex } from '../payment/types.ts'
import type { ChannelRecord, ChannelStore } from './channel/channel-store.ts'
import { withFileLock } from './file-lock.ts'

type Contents = Record<string, ChannelRecord>

async function readContents(path: string): Promise<Contents> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return {}
    throw error
  }
  const contents: unknown = JSON.parse(text)
  if (typeof contents === 'object' && contents !== null && !Array.isArray(contents))
    return contents as Contents
  throw new TypeError(`${path} does not hold channels.`)
}

/** A reader sees the old file or the new one, never half of one; so does whoever comes after a power failure. */
async function replaceFile({ path, text }: { path: string; text: string }): Promise<void> {
  const draft = `${path}.${crypto.randomUUID()}.tmp`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}

type Change = {
  readonly channelId: Hex
  readonly change: (stored: ChannelRecord | undefined) => ChannelRecord
  readonly resolve: (record: ChannelRecord) => void
  readonly reject: (reason: unknown) => void
}

/**
 * Remembers channels in one JSON file (Node, Bun and Deno), so that the next process pays on without a corrective 402 or
 * a second deposit. Several processes may share the file.
 *
 * Many changes at once become one write: while a file is being written, what changes waits for the next.
 *
 * @example payingFetch(account, { store: fileStore('channels.json') })
 */
export function fileStore(path: string): ChannelStore {
  let waiting: Change[] = []
  let running: Promise<void> | undefined

  async function writeAll(changes: readonly Change[]): Promise<void> {
    const contents = await readContents(path)
    const made = changes.flatMap(({ channelId, change, resolve, reject }) => {
      try {
        const record = change(contents[channelId])
        contents[channelId] = record
        return [() => resolve(record)]
      } catch (error) {
        reject(error)
        return []
      }
    })
    if (made.length === 0) return
    await replaceFile({ path, text: `${JSON.stringify(contents, null, 2)}\n` })
    for (const tell of made) tell()
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const changes = waiting
      waiting = []
      try {
        await withFileLock({ path: `${path}.lock`, act: () => writeAll(changes) })
      } catch (error) {
        for (const { reject } of changes) reject(error)
      }
    }
    running = undefined
  }

  return {
    isShared: true,
    list: async () => Object.values(await readContents(path)),
    update(channelId, change) {
      const { promise, resolve, reject } = Promise.withResolvers<ChannelRecord>()
      waiting.push({ channelId, change, resolve, reject })
      running ??= work()
      return promise
    },
  }
}
