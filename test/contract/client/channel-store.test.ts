import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { memoryStore } from '../../../src/client/channel/channel-store.ts'
import { fileStore } from '../../../src/client/file-store.ts'
import { STORE_CASES, storedRecord } from '../../support/channel-store-cases.ts'

/** The third store, in the browser, runs the same cases in test/e2e/client/browser.test.ts. */
const newFile = async () => join(await mkdtemp(join(tmpdir(), 'channels-')), 'channels.json')

test.each(STORE_CASES)('memory: $name', async ({ run }) => {
  const store = memoryStore()
  await run(() => store)
})

test.each(STORE_CASES)('file: $name', async ({ run }) => {
  const path = await newFile()
  await run(() => fileStore(path))
  // The lock is given back a moment after the change is told.
  await expect.poll(() => readdir(join(path, '..'))).toEqual(['channels.json'])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('file: a change has resolved only when it is in the file, which is whole at any moment', async () => {
  const path = await newFile()
  const store = fileStore(path)
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const record = storedRecord(index, index)
      await store.update(record.channelId, () => record)
      expect(Object.keys(JSON.parse(await readFile(path, 'utf8')) as object)).toContain(record.channelId)
    }),
  )
})

test('file: one that holds something else is not overwritten', async () => {
  const path = await newFile()
  for (const text of ['[]', '{"half":', '"x"']) {
    await writeFile(path, text)
    await expect(fileStore(path).list()).rejects.toThrow()
    const { channelId } = storedRecord(1, 1)
    await expect(fileStore(path).update(channelId, () => storedRecord(1, 1))).rejects.toThrow()
    expect(await readFile(path, 'utf8')).toBe(text)
  }
})

/** A process that counts one channel up, many times. */
function startCounter({ path, times }: { path: string; times: number }) {
  const module = (name: string) => JSON.stringify(join(import.meta.dirname, name))
  const code = `
    import { fileStore } from ${module('../../../src/client/file-store.ts')}
    import { storedRecord } from ${module('../../support/channel-store-cases.ts')}
    const store = fileStore(${JSON.stringify(path)})
    const { channelId } = storedRecord(1, 0)
    for (let index = 0; index < ${times}; index += 1) {
      await store.update(channelId, (stored) => storedRecord(1, Number(stored?.settled ?? 0) + 1))
      console.log(index)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let lines = 0
  child.stdout.on('data', (chunk: Buffer) => (lines += chunk.toString().split('\n').length - 1))
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code_) => resolve(code_))
  })
  return { child, ended, lines: () => lines }
}

test('file: three processes lose none of their changes', async () => {
  const path = await newFile()
  const counters = [1, 2, 3].map(() => startCounter({ path, times: 30 }))
  expect(await Promise.all(counters.map(({ ended }) => ended))).toEqual([0, 0, 0])
  expect(await fileStore(path).list()).toEqual([storedRecord(1, 90)])
})

test('file: a process that is killed at any moment leaves a whole file and no lock that stops the next', async () => {
  const path = await newFile()
  let least = 0
  for (const pauseMs of [0, 3, 7]) {
    const { child, ended, lines } = startCounter({ path, times: 100_000 })
    await expect.poll(lines, { timeout: 10_000, interval: 5 }).toBeGreaterThan(0)
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs)
    })
    child.kill('SIGKILL')
    await ended
    least += lines()
    const [record] = await fileStore(path).list()
    expect(Number(record?.settled)).toBeGreaterThanOrEqual(least)
    least = Number(record?.settled)
    const { channelId } = storedRecord(1, 0)
    await fileStore(path).update(channelId, () => storedRecord(1, least))
  }
})
