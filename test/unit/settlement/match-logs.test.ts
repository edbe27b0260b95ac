import { expect, test } from 'vitest'
import { explainedLogs, groupSides, isAlike } from '../../../src/settlement/reconcile/match-logs.ts'
import { judgeGroups } from '../../../src/settlement/reconcile/judge-groups.ts'
import type { ChainLog, Movement, StoredLog } from '../../../src/settlement/reconcile/types.ts'
import { hex, NETWORK, NOW_MS, payerNamed, USDC } from '../../support/calls.ts'

const owners = { payTo: payerNamed('pay to'), till: payerNamed('till') }
const hash = hex(32, 'transaction')
const channel = hex(32, 'channel')

const logOf = (over: Partial<ChainLog & StoredLog>): StoredLog => ({
  transactionHash: hash,
  logIndex: 0,
  blockNumber: 5n,
  event: 'transfer',
  token: USDC,
  amountAtomic: 70n,
  sender: payerNamed('payer'),
  recipient: owners.till,
  seenAtMs: NOW_MS,
  ...over,
})
const movementOf = (over: Partial<Movement>): Movement => ({
  entryId: 'exact_final:1',
  event: 'exact_final',
  asset: USDC,
  debit: 'chain:till',
  credit: 'clearing:settlement',
  amountAtomic: 70n,
  atMs: NOW_MS,
  transactionHash: hash,
  blockNumber: 5n,
  ...over,
})

const judge = (logs: readonly StoredLog[], movements: readonly Movement[], finalBlock = 9n) => {
  const groups = groupSides({ logs, movements, owners })
  const at = { number: finalBlock, hash, timestamp: NOW_MS / 1_000 }
  const judged = judgeGroups({ groups, network: NETWORK, at, nowMs: NOW_MS, openHashes: new Set() })
  return {
    classes: judged.differences.map((difference) => difference.class),
    postponed: judged.postponed.length,
    explained: explainedLogs({ logs, groups, movements }).length,
    alike: groups.every(isAlike),
  }
}

const SAME = { classes: [], postponed: 0, explained: 1, alike: true }

test('a log and its posting are one fact', () => {
  expect(judge([logOf({})], [movementOf({})])).toEqual(SAME)
})

test('a log alone, a posting alone, and two amounts are three classes', () => {
  expect(judge([logOf({})], []).classes).toEqual(['chain_only'])
  expect(judge([], [movementOf({})]).classes).toEqual(['ledger_only'])
  expect(judge([logOf({ amountAtomic: 69n })], [movementOf({})])).toMatchObject({
    classes: ['amount'],
    explained: 0,
  })
})

test('a posting whose block is not final yet is looked at later', () => {
  expect(judge([], [movementOf({ blockNumber: 10n })])).toMatchObject({ classes: [], postponed: 1 })
  expect(judge([], [movementOf({ blockNumber: 9n })]).classes).toEqual(['ledger_only'])
})

test('a sweep has two ends, and both have to agree', () => {
  const sweep = movementOf({ event: 'sweep_final', debit: 'chain:pay-to', credit: 'chain:till' })
  const log = logOf({ sender: owners.till, recipient: owners.payTo })
  expect(judge([log], [sweep])).toEqual(SAME)
  expect(judge([log], [movementOf({ debit: 'chain:pay-to' })])).toMatchObject({
    classes: ['chain_only'],
    explained: 0,
  })
})

test('two channels in one claim are told apart', () => {
  const other = hex(32, 'other')
  const claim = (id: `0x${string}`, amountAtomic: bigint) =>
    movementOf({
      entryId: `claim_final:t:${id}`,
      event: 'claim_final',
      debit: 'clearing:settlement',
      credit: 'chain:channels',
      channelId: id,
      amountAtomic,
    })
  const claimed = (subject: string, amountAtomic: bigint, logIndex: number) =>
    logOf({ event: 'claimed', subject, amountAtomic, logIndex })
  const movements = [claim(channel, 3n), claim(other, 4n)]
  expect(judge([claimed(channel, 3n, 0), claimed(other, 4n, 1)], movements)).toMatchObject({ explained: 2 })
  expect(judge([claimed(channel, 4n, 0), claimed(other, 3n, 1)], movements).classes).toEqual([
    'amount',
    'amount',
  ])
})

test('a withdrawal is found by its channel, since the books follow it without its transaction', () => {
  const {
    transactionHash: _hash,
    blockNumber: _block,
    ...booked
  } = movementOf({
    event: 'channel_withdrawn',
    debit: `channel:${channel}`,
    credit: 'chain:channels',
    channelId: channel,
  })
  const log = logOf({ event: 'withdrawn', subject: channel, transactionHash: hex(32, 'payer') })
  expect(judge([log], [booked])).toEqual(SAME)
  // The chain may be read later than the books were written: two minutes are given.
  expect(judge([], [booked])).toMatchObject({ classes: [], postponed: 1 })
  expect(judge([], [{ ...booked, atMs: NOW_MS - 200_000 }]).classes).toEqual(['ledger_only'])
})

test('a refund that was undone in the books and never happened on chain is nothing', () => {
  const refund = { debit: `channel:${channel}`, credit: 'chain:channels', channelId: channel } as const
  const seen = movementOf({ ...refund, event: 'channel_refund_seen' })
  const undone = movementOf({
    event: 'channel_refund_undone',
    debit: refund.credit,
    credit: refund.debit,
    channelId: channel,
  })
  expect(judge([], [seen, undone])).toEqual({ ...SAME, explained: 0 })
})
