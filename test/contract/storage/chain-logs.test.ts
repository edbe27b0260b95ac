import { describe, expect, test } from 'vitest'
import type { ChainLog } from '../../../src/settlement/reconcile/types.ts'
import { hex, NETWORK, NOW_MS, USDC } from '../../support/calls.ts'
import { KINDS, useStorage } from './stores.ts'

describe.each(KINDS)('on %s', (kind) => {
  const storage = useStorage(kind)
  const logAt = (name: string, blockNumber: bigint, logIndex: number): ChainLog => ({
    transactionHash: hex(32, name),
    logIndex,
    blockNumber,
    event: 'transfer',
    token: USDC,
    amountAtomic: 154n,
    sender: hex(20, 'from'),
    recipient: hex(20, 'to'),
  })
  const append = (logs: readonly ChainLog[]) =>
    storage().reconcile.appendLogs({ network: NETWORK, logs, decimalsOf: () => 6, atMs: NOW_MS })
  const placesOf = async (name: string) => {
    const logs = await storage().reconcile.listLogs({ network: NETWORK, hashes: [hex(32, name)] })
    return logs
      .filter(({ transactionHash }) => transactionHash === hex(32, name))
      .map(({ blockNumber, logIndex }) => `${blockNumber}/${logIndex}`)
      .toSorted()
  }

  test('what is read twice is there once', async () => {
    await append([logAt('once', 5n, 0), logAt('once', 5n, 1)])
    await append([logAt('once', 5n, 1), logAt('once', 5n, 2)])
    expect(await placesOf('once')).toEqual(['5/0', '5/1', '5/2'])
  })

  test('a transaction that a reorganisation has put into another block is there once, and only it moves', async () => {
    await append([logAt('moved', 100n, 7), logAt('stays', 100n, 8)])
    await append([logAt('moved', 103n, 2)])
    expect(await placesOf('moved')).toEqual(['103/2'])
    expect(await placesOf('stays')).toEqual(['100/8'])
  })
})
