import { link, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import process from 'node:process'

/** How long a lock is waited for, and when one whose holder cannot be asked is taken for left behind. */
const WAIT_MS = 15_000
const ABANDONED_MS = 10_000

const codeOf = (error: unknown) => (error as { code?: unknown } | undefined)?.code

const pause = (durationMs: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, durationMs)
  })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** Names this process and this moment; so no two locks have the same text. */
const newMark = () => `${process.pid} ${crypto.randomUUID()}`

async function take({ path, mark }: { path: string; mark: string }): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(mark).finally(() => file.close())
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** @returns the mark of a holder that is gone; undefined while it lives, or where the lock has just been given back. */
async function abandonedMark(path: string): Promise<string | undefined> {
  try {
    const [mark, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const pid = Number(mark.split(' ')[0])
    const isOld = Date.now() - mtimeMs > ABANDONED_MS
    // The mark is written a moment after the file is made; before that nobody can say whose it is.
    if (!Number.isSafeInteger(pid) || pid <= 0) return isOld ? mark : undefined
    return isOld || !isAlive(pid) ? mark : undefined
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Takes a lock away that nobody holds. Somebody else may do the same at this moment, so what was taken is looked at. */
async function clear({ path, mark }: { path: string; mark: string }): Promise<void> {
  const aside = `${path}.${crypto.randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if ((await readFile(aside, 'utf8')) !== mark) await link(aside, path).catch(() => undefined)
  await unlink(aside)
}

/**
 * Runs something while no other process (nor another caller of this one) holds the lock of the same path.
 *
 * A holder that was killed leaves its file behind; whoever comes next sees that its process is gone and goes on.
 *
 * @throws Error with code `ELOCKED` where the lock is held for longer than anybody should.
 */
export async function withFileLock<Result>({
  path,
  act,
}: {
  path: string
  act: () => Promise<Result>
}): Promise<Result> {
  const mark = newMark()
  const startedAtMs = Date.now()
  while (!(await take({ path, mark }))) {
    const abandoned = await abandonedMark(path)
    if (abandoned !== undefined) await clear({ path, mark: abandoned })
    else if (Date.now() - startedAtMs > WAIT_MS) {
      const message = `${path} is held by another process. Wait for it to end, or delete the file if none uses it.`
      throw Object.assign(new Error(message), { code: 'ELOCKED' })
    } else await pause(2 + Math.random() * 10)
  }
  try {
    return await act()
  } finally {
    // Somebody who took us for dead may hold it now: then it is not ours to give back.
    if ((await readFile(path, 'utf8').catch(() => '')) === mark) await unlink(path).catch(() => undefined)
  }
}
