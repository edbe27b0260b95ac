import type { ChannelRecord, ChannelStore } from '../../src/client/channel/channel-store.ts'

/** One contract for every channel store. Written without a test runner, since one of the stores lives in a browser. */
export type StoreCase = {
  readonly name: string
  /** @param open opens the same store each time; a fresh one for each case. */
  readonly run: (open: () => ChannelStore) => Promise<void>
}

export const storedRecord = (id: number, settled: number | string): ChannelRecord => ({
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
  signed: String(settled),
  reported: String(settled),
  published: '0',
  balance: '340282366920938463463374607431768211455',
  calls: [
    { id: 'a', owner: 'b', url: 'http://fake.test/', ceiling: '10', takenAtMs: 1, callId: 'call_1' },
    { id: 'c', owner: 'b', url: 'http://fake.test/', ceiling: '10', takenAtMs: 2 },
  ],
  deposit: { amount: '5', validUntilSeconds: 9, authorization: { nested: { signature: '0x12' } } },
  owners: { b: 1 },
  savedBy: 'b',
  savedAtMs: 1,
})

function demandEqual(got: unknown, wanted: unknown): void {
  const [gotText, wantedText] = [JSON.stringify(got), JSON.stringify(wanted)]
  if (gotText !== wantedText) throw new Error(`got ${gotText}\nwanted ${wantedText}`)
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const increased = (id: number) => (stored: ChannelRecord | undefined) =>
  storedRecord(id, Number(stored?.settled ?? 0) + 1)

export const STORE_CASES: readonly StoreCase[] = [
  {
    name: 'a new store is empty, and what is stored comes back as it was, also through another opening',
    async run(open) {
      const store = open()
      demandEqual(await store.list(), [])
      let seen: unknown = 'never called'
      const record = storedRecord(1, 7)
      const kept = await store.update(record.channelId, (stored) => {
        seen = stored
        return record
      })
      demandEqual(seen, undefined)
      demandEqual(kept, record)
      demandEqual(await open().list(), [record])
    },
  },
  {
    name: 'a change sees what is stored at that moment, and replaces it',
    async run(open) {
      const [one, two] = [open(), open()]
      const { channelId } = storedRecord(1, 0)
      await one.update(channelId, increased(1))
      await two.update(channelId, increased(1))
      demandEqual(await one.update(channelId, increased(1)), storedRecord(1, 3))
      demandEqual(await two.list(), [storedRecord(1, 3)])
    },
  },
  {
    name: 'of many changes at once through two openings none is lost',
    async run(open) {
      const [one, two] = [open(), open()]
      await Promise.all(
        numbers(120).map((index) => {
          const id = index % 3
          const store = index % 2 === 0 ? one : two
          return store.update(storedRecord(id, 0).channelId, increased(id))
        }),
      )
      const kept = await open().list()
      demandEqual(
        kept.map(({ settled }) => settled),
        ['40', '40', '40'],
      )
    },
  },
  {
    name: 'a change that throws stores nothing, and does not stop later ones',
    async run(open) {
      const store = open()
      const { channelId } = storedRecord(1, 0)
      const outcome = await store
        .update(channelId, () => {
          throw new Error('no')
        })
        .then(
          () => 'stored',
          (error: unknown) => String(error),
        )
      demandEqual(outcome, 'Error: no')
      demandEqual(await store.list(), [])
      demandEqual(await store.update(channelId, increased(1)), storedRecord(1, 1))
    },
  },
]
