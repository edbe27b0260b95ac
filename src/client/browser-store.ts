import type { ChannelRecord, ChannelStore } from './channel/channel-store.ts'

/** The part of IndexedDB that is used; the house is compiled without the types of browsers. */
type Told = { readonly addEventListener: (event: string, listener: () => void) => void }
type Asked<Result> = Told & { readonly result: Result; readonly error: unknown }
type Records = {
  readonly get: (key: string) => Asked<ChannelRecord | undefined>
  readonly getAll: () => Asked<ChannelRecord[]>
  readonly put: (record: ChannelRecord) => Asked<unknown>
}
type Transaction = Told & {
  readonly objectStore: (name: string) => Records
  readonly abort: () => void
  readonly error: unknown
}
type Database = Told & {
  readonly createObjectStore: (name: string, options: { keyPath: string }) => unknown
  readonly transaction: (
    name: string,
    mode: 'readonly' | 'readwrite',
    options?: { durability: 'strict' },
  ) => Transaction
  readonly close: () => void
}
type Factory = { readonly open: (name: string, version: number) => Asked<Database> }

const CHANNELS = 'channels'

/** An event's fault as an Error, whatever the browser made of it. */
const faultOf = (cause: unknown) => new Error('The browser could not keep the channels.', { cause })

function openDatabase(name: string): Promise<Database> {
  const { indexedDB } = globalThis as { indexedDB?: Factory }
  if (!indexedDB) {
    return Promise.reject(new Error('There is no IndexedDB here. Use memoryStore(), or fileStore() in Node.'))
  }
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1)
    opening.addEventListener('upgradeneeded', () => {
      opening.result.createObjectStore(CHANNELS, { keyPath: 'channelId' })
    })
    opening.addEventListener('success', () => resolve(opening.result))
    opening.addEventListener('error', () => reject(faultOf(opening.error)))
  })
}

/**
 * Remembers channels in the browser (IndexedDB), for all tabs, frames and workers of one origin.
 *
 * A change is read and written in one transaction. The browser runs those of all tabs one after another, so that no tab
 * overwrites what another has just stored.
 *
 * @example payingFetch(wallet, { store: browserStore() })
 */
export function browserStore(name = 'turnpike-channels'): ChannelStore {
  let opening: Promise<Database> | undefined
  const database = () => (opening ??= openFresh())

  async function openFresh(): Promise<Database> {
    try {
      const opened = await openDatabase(name)
      // Whoever deletes the site's data must not wait for this tab.
      opened.addEventListener('versionchange', () => {
        opened.close()
        opening = undefined
      })
      return opened
    } catch (error) {
      opening = undefined
      throw error
    }
  }

  return {
    isShared: true,
    async list() {
      const asked = (await database()).transaction(CHANNELS, 'readonly').objectStore(CHANNELS).getAll()
      return new Promise((resolve, reject) => {
        asked.addEventListener('success', () => resolve(asked.result))
        asked.addEventListener('error', () => reject(faultOf(asked.error)))
      })
    },
    async update(channelId, change) {
      const transaction = (await database()).transaction(CHANNELS, 'readwrite', { durability: 'strict' })
      const records = transaction.objectStore(CHANNELS)
      return new Promise((resolve, reject) => {
        let stored: ChannelRecord | undefined
        let fault: unknown
        const asked = records.get(channelId)
        asked.addEventListener('success', () => {
          try {
            stored = change(asked.result)
            records.put(stored)
          } catch (error) {
            fault = error
            transaction.abort()
          }
        })
        transaction.addEventListener('complete', () =>
          stored ? resolve(stored) : reject(faultOf(undefined)),
        )
        transaction.addEventListener('abort', () =>
          reject(fault instanceof Error ? fault : faultOf(fault ?? transaction.error)),
        )
      })
    },
  }
}
