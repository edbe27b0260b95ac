import type { ChannelConfig, Hex, Network } from '../payment/types.ts'

/** `payload.deposit` of a payment, and until when the chain takes it. */
export type SignedDeposit = {
  readonly amount: string
  readonly validUntilSeconds: number
  readonly authorization: Readonly<Record<string, unknown>>
}

/** A channel as it is kept between two processes: JSON, amounts as decimal strings. */
export type ChannelRecord = {
  readonly channelId: Hex
  readonly network: Network
  readonly config: ChannelConfig
  /** Servers that were paid through it: they may not come back with another recipient. */
  readonly origins: readonly string[]
  readonly settled: string
  readonly out: string
  readonly signed: string
  readonly signature?: Hex
  readonly reported: string
  /** Absent in files that were written before claims were known to publish vouchers. */
  readonly published?: string
  readonly balance: string
  /** A deposit that was signed and is not known to be executed: sent again rather than signed anew while it is valid. */
  readonly deposit?: SignedDeposit
  readonly savedAtMs: number
}

/** Where channels are remembered. Two processes must not share one; give them different salts or files. */
export type ChannelStore = {
  readonly list: () => Promise<readonly ChannelRecord[]>
  /** Inserts or replaces, by `channelId`. Resolves when the record would survive the end of the process. */
  readonly save: (record: ChannelRecord) => Promise<void>
}

/** Forgets with the process: the next one learns each channel's state by one corrective 402. */
export function memoryStore(): ChannelStore {
  const records = new Map<string, ChannelRecord>()
  return {
    list: () => Promise.resolve([...records.values()]),
    save(record) {
      records.set(record.channelId, record)
      return Promise.resolve()
    },
  }
}

type Contents = Record<string, ChannelRecord>

async function readContents(path: string): Promise<Contents> {
  const { readFile } = await import('node:fs/promises')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  const contents: unknown = JSON.parse(text)
  if (typeof contents === 'object' && contents !== null && !Array.isArray(contents))
    return contents as Contents
  throw new TypeError(`${path} does not hold channels.`)
}

/** A reader sees the old file or the new one, never half of one. */
async function replaceFile({ path, text }: { path: string; text: string }): Promise<void> {
  const { rename, writeFile } = await import('node:fs/promises')
  const draft = `${path}.${crypto.randomUUID()}.tmp`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, path)
}

/**
 * Remembers channels in one JSON file (Node only), so that the next process pays on without a corrective 402 or a second deposit.
 *
 * Many changes at once become one write: while a file is being written, what changes waits for the next.
 *
 * @example payingFetch(account, { store: fileStore('channels.json') })
 */
export function fileStore(path: string): ChannelStore {
  let loading: Promise<Contents> | undefined
  const load = () => (loading ??= readContents(path))
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function write(): Promise<void> {
    const contents = await load()
    await replaceFile({ path, text: `${JSON.stringify(contents, null, 2)}\n` })
  }

  function start(): Promise<void> {
    running = write().finally(() => (running = undefined))
    return running
  }

  function save(): Promise<void> {
    if (!running) return start()
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }

  return {
    list: async () => Object.values(await load()),
    async save(record) {
      const contents = await load()
      contents[record.channelId] = record
      await save()
    },
  }
}
