import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileStore, type ChannelRecord } from '../../../src/client/channel-store.ts'

const record = (id: number, settled: number): ChannelRecord => ({
  channelId: `0x${id.toString(16).padStart(64, '0')}`,
  network: 'eip155:84532',
  config: {
    payer: '0x01',
    payerAuthorizer: '0x01',
    receiver: '0x02',
    receiverAuthorizer: '0x03',
    token: '0x04',
    withdrawDelay: 86_400,
    salt: '0x00',
  },
  origins: ['http://fake.test'],
  settled: String(settled),
  out: '0',
  signed: String(settled),
  reported: String(settled),
  balance: '1000000',
  savedAtMs: 1,
})

const newFile = async () => join(await mkdtemp(join(tmpdir(), 'channels-')), 'channels.json')

test('many changes at once are all kept, and leave one readable file of their owner alone', async () => {
  const path = await newFile()
  const store = fileStore(path)
  await Promise.all(Array.from({ length: 200 }, (_, index) => store.save(record(index % 3, index))))
  const kept = await fileStore(path).list()
  expect(kept.map(({ settled }) => settled).toSorted()).toEqual(['197', '198', '199'])
  expect(await readdir(join(path, '..'))).toEqual(['channels.json'])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('each save resolves only when its own change is in the file, which is whole at any moment', async () => {
  const path = await newFile()
  const store = fileStore(path)
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      await store.save(record(index, index))
      const contents = JSON.parse(await readFile(path, 'utf8')) as object
      expect(Object.keys(contents)).toContain(record(index, index).channelId)
    }),
  )
})

test('a file that is not there is empty; one that holds something else is not overwritten', async () => {
  const path = await newFile()
  expect(await fileStore(path).list()).toEqual([])
  for (const text of ['[]', '{"half":', '"x"']) {
    await writeFile(path, text)
    await expect(fileStore(path).list()).rejects.toThrow()
    await expect(fileStore(path).save(record(1, 1))).rejects.toThrow()
    expect(await readFile(path, 'utf8')).toBe(text)
  }
})
