import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { payingFetch } from '../../../src/client/paying-fetch.ts'
import { createSpendCounts, type Reservation } from '../../../src/client/spend/spend-counts.ts'
import { ask, URL_OF_CALLS } from './fake-server/ask.ts'
import { createFakeServer } from './fake-server/create-fake-server.ts'
import { account, CEILING, TERMS, USDC, USDT } from './fake-server/terms.ts'

const USD = 1_000_000_000_000n
const HOUR_MS = 3_600_000

const STEP = fc.record({
  act: fc.constantFrom('reserve', 'reserve', 'settle', 'release', 'lapse', 'wait'),
  pick: fc.nat(999),
  amount: fc.bigInt({ min: 1n, max: USD }),
  run: fc.constantFrom('', 'a', 'b'),
  waitMs: fc.constantFrom(1, 999, 60_000, 1_800_000, 3_599_999, 3_600_000),
})

test('no history of calls passes a cap of an hour, a run or the whole', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 80 }), (steps) => {
      let nowMs = 1_000_000
      const counts = createSpendCounts({
        limits: { maxPerHourUsd: 2, maxPerRunUsd: 3, maxTotalUsd: 5 },
        nowMs: () => nowMs,
      })
      const open: { reservation: Reservation; ceiling: bigint; run: string; countsUntilMs: number }[] = []
      const settled: { atMs: number; amount: bigint; run: string }[] = []
      const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
      const judge = () => {
        const inHour = [
          ...settled.filter(({ atMs }) => nowMs - atMs < HOUR_MS).map(({ amount }) => amount),
          ...open.filter(({ countsUntilMs }) => countsUntilMs > nowMs).map(({ ceiling }) => ceiling),
        ]
        expect(sum(inHour)).toBeLessThanOrEqual(2n * USD)
        const all = [...settled, ...open.map(({ ceiling, run }) => ({ amount: ceiling, run }))]
        expect(sum(all.map(({ amount }) => amount))).toBeLessThanOrEqual(5n * USD)
        for (const name of ['', 'a', 'b']) {
          const ofRun = all.filter(({ run }) => run === name).map(({ amount }) => amount)
          expect(sum(ofRun)).toBeLessThanOrEqual(3n * USD)
        }
        const reserved = open.map(({ ceiling }) => ceiling)
        expect(counts.spent().picoUsd).toBe(sum(settled.map(({ amount }) => amount)))
        expect(Number(counts.spent().reservedUsd)).toBeCloseTo(Number(sum(reserved)) / 1e12, 9)
      }
      for (const { act, pick, amount, run, waitMs } of steps) {
        const index = pick % Math.max(1, open.length)
        const call = open[index]
        if (act === 'wait') nowMs += waitMs
        else if (act === 'reserve') {
          try {
            const reservation = counts.reserve({ ceilingPicoUsd: amount, run })
            open.push({ reservation, ceiling: amount, run, countsUntilMs: Infinity })
          } catch (error) {
            expect(error).toMatchObject({ name: 'SpendRefusedError' })
          }
        } else if (call && act === 'lapse') {
          call.reservation.lapse(nowMs + 60_000)
          if (call.countsUntilMs === Infinity) call.countsUntilMs = nowMs + 60_000 + HOUR_MS
        } else if (call) {
          open.splice(index, 1)
          if (act === 'release') call.reservation.release()
          else {
            const charge = amount < call.ceiling ? amount : call.ceiling
            // A call that had lapsed and is heard of after all counts a second time for its hour, which errs on the safe side.
            call.reservation.settle(charge)
            settled.push({ atMs: nowMs, amount: charge, run: call.run })
            if (call.countsUntilMs < Infinity) settled.at(-1)!.atMs = -Infinity
          }
          // Settled, released or not: nothing counts twice.
          call.reservation.release()
          call.reservation.settle(1n)
        }
        judge()
      }
    }),
    { numRuns: 300 },
  )
})

test('what was spent comes free again after exactly an hour, not before', () => {
  let nowMs = 0
  const counts = createSpendCounts({ limits: { maxPerHourUsd: 1 }, nowMs: () => nowMs })
  counts.reserve({ ceilingPicoUsd: USD, run: '' }).settle(USD)
  nowMs = HOUR_MS - 1
  expect(() => counts.reserve({ ceilingPicoUsd: 1n, run: '' })).toThrow(
    expect.objectContaining({ rule: 'max_per_hour', message: expect.stringContaining('maxPerHourUsd') }),
  )
  nowMs = HOUR_MS
  counts.reserve({ ceilingPicoUsd: USD, run: '' })
  // A call whose charge is unknown does not come free, however long ago it began.
  nowMs = 5 * HOUR_MS
  expect(() => counts.reserve({ ceilingPicoUsd: 1n, run: '' })).toThrow(
    expect.objectContaining({ rule: 'max_per_hour' }),
  )
})

let salts = 0
const newSalt = () => {
  salts += 1
  return `0x${(0xa000 + salts).toString(16).padStart(64, '0')}` as const
}

test.each([
  ['maxPerHourUsd', 'max_per_hour'],
  ['maxPerRunUsd', 'max_per_run'],
  ['maxTotalUsd', 'max_total'],
] as const)('thirty calls at once never pass %s together, and say what to raise', async (option, rule) => {
  const server = createFakeServer({ chargeOf: () => CEILING, latencyOf: (index) => index % 7 })
  const pay = payingFetch(account, { fetch: server.fetch, salt: newSalt(), [option]: '0.1' })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 30 }, async () => (await pay(URL_OF_CALLS, ask())).text()),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue
    expect(outcome.reason).toMatchObject({ rule, limitUsd: '0.1' })
    expect(String(outcome.reason)).toContain(option)
  }
  expect(server.chargedAtomic()).toBe(10n * CEILING)
  expect(pay.spent()).toMatchObject({ usd: '0.1', reservedUsd: '0' })
})

test('calls count for the run that they name', async () => {
  const server = createFakeServer({ chargeOf: () => CEILING })
  const pay = payingFetch(account, { fetch: server.fetch, salt: newSalt(), maxPerRunUsd: '0.01' })
  const call = async (run?: string) => {
    const headers = { 'content-type': 'application/json', ...(run ? { 'x-turnpike-run': run } : {}) }
    return (await pay(URL_OF_CALLS, ask({ headers }))).text()
  }
  await call('one')
  await call('two')
  await call()
  for (const run of ['one', 'two', undefined])
    await expect(call(run)).rejects.toMatchObject({ rule: 'max_per_run' })
  await call('three')
})

test('deposits of several channels at once keep within what may lie in channels', async () => {
  const server = createFakeServer({
    depositMs: 20,
    terms: () => ({ ...TERMS, schemes: ['batch-settlement'] }),
  })
  // Two tokens are two channels of one wallet.
  const pay = payingFetch(account, {
    fetch: async (input, init) => {
      const isUsdt = new Headers(init?.headers).get('x-test-token') === 'usdt'
      const response = await server.fetch(input, init)
      const header = response.headers.get('payment-required')
      if (header === null) return response
      const required = JSON.parse(Buffer.from(header, 'base64').toString()) as {
        accepts: { asset: string }[]
      }
      const wanted = (isUsdt ? USDT : USDC).address
      const accepts = required.accepts.filter(({ asset }) => asset.toLowerCase() === wanted)
      const changed = Buffer.from(JSON.stringify({ ...required, accepts })).toString('base64')
      return Response.json({}, { status: 402, headers: { 'payment-required': changed } })
    },
    salt: newSalt(),
    assets: [USDC, USDT],
    maxInChannelsUsd: '1.5',
  })
  const call = async (token: string) =>
    (await pay(URL_OF_CALLS, ask({ headers: { 'x-test-token': token } }))).text()
  await Promise.all([call('usdc'), call('usdt')])
  const balances = (await pay.channels()).map(({ balanceAtomic }) => balanceAtomic)
  expect(balances.toSorted()).toEqual([1_000_000n, 500_000n].toSorted())
})

test('a deposit that would pass what may lie in channels is refused, and nothing is signed', async () => {
  const server = createFakeServer({ terms: () => ({ ...TERMS, schemes: ['batch-settlement'] }) })
  const pay = payingFetch(account, { fetch: server.fetch, salt: newSalt(), maxInChannelsUsd: '0.005' })
  await expect(pay(URL_OF_CALLS, ask())).rejects.toMatchObject({
    rule: 'max_in_channels',
    excessUsd: '0.005',
  })
  expect(pay.spent().reservedUsd).toBe('0')
  const capped = payingFetch(account, { fetch: server.fetch, salt: newSalt(), maxDepositUsd: '0.25' })
  await (await capped(URL_OF_CALLS, ask())).text()
  expect((await capped.channels())[0]).toMatchObject({ balanceAtomic: 250_000n })
})
