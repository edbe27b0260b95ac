import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ApprovalStore } from '../../../src/settlement/sponsored/approval-ports.ts'
import { hex } from '../../support/calls.ts'
import { brokenInvariants, KINDS, useStorage } from './stores.ts'

type Request = Parameters<ApprovalStore['appendApproval']>[0]

describe.each(KINDS)('approvals in %s', (kind) => {
  const storage = useStorage(kind)
  /** Each test has a network of its own: what was given is counted per network. */
  const worldOf = (chainId: number) => {
    const network = `eip155:${chainId}` as const
    const lane = { network, role: 'signer', address: hex(20, `signer ${chainId}`) } as const
    const most = { onNetwork: 3, toPayer: 2 }
    const request = (payer: string, nonce: number, more: Partial<Request> = {}): Request => {
      const [id, giftId] = [randomUUID(), randomUUID()]
      const parties = { asset: hex(20, 'token'), payer: hex(20, payer) }
      return {
        approval: {
          id,
          network,
          payer: parties.payer,
          nonce,
          raw: '0x02',
          hash: hex(32, id),
          purpose: { kind: 'approval', ...parties, amount: '1', giftId },
        },
        gift: {
          id: giftId,
          lane,
          firstNonce: 7,
          purpose: { kind: 'gas-gift', ...parties, wei: '5' },
          maxCostWei: 100n,
          sign: (own) => Promise.resolve({ raw: '0x02', hash: hex(32, `${giftId} ${own}`) }),
        },
        atMs: 1_000,
        sinceMs: 0,
        most,
        ...more,
      }
    }
    const append = (...parameters: Parameters<typeof request>) =>
      storage().approvals.appendApproval(request(...parameters))
    const close = async (id: string, to: 'final' | 'failed') => {
      const error = to === 'failed' ? { error: 'nonce_taken' } : {}
      const move = { id, from: ['signed'], to, ...error } as const
      await storage().settlement.commit({ transaction: move, entries: [], effects: [] })
    }
    const list = () =>
      storage().settlement.listTransactions({ network, states: ['signed', 'final', 'failed'], limit: 50 })
    return { network, lane, request, append, close, list }
  }

  test('gift and approval become durable together; the payer’s comes after ours in every list', async () => {
    const { network, append, list } = worldOf(9_101)
    expect(await append('a', 4)).toMatchObject({
      kind: 'appended',
      gift: { nonce: 7 },
      approval: { nonce: 4 },
    })
    expect((await list()).map(({ lane }) => lane.role)).toEqual(['signer', 'payer'])
    const query = { network, payer: hex(20, 'a') }
    expect(await storage().approvals.findApproval({ ...query, nonce: 4 })).toMatchObject({ state: 'signed' })
    expect(await storage().approvals.findApproval({ ...query, nonce: 5 })).toBeUndefined()
    // The gift's gas and coins count, the payer's own gas does not.
    expect(await storage().lanes.getGasSpent({ network, sinceMs: 0 })).toBe(100n)
    expect(await brokenInvariants(storage())).toEqual([])
  })

  test('of many at once for one payer one is taken, and no nonce of ours is used up by the others', async () => {
    const { append, list, lane } = worldOf(9_102)
    const kinds = (await Promise.all([1, 2, 3, 4].map(() => append('a', 0)))).map((outcome) => outcome.kind)
    expect(kinds.toSorted()).toEqual(['appended', 'busy', 'busy', 'busy'])
    expect(await list()).toHaveLength(2)
    expect(await storage().lanes.getLane(lane)).toEqual({ firstNonce: 7, nextNonce: 8 })
    expect(await brokenInvariants(storage())).toEqual([])
  })

  test('a day has so many gifts, also for many at once, and a payer a part of them', async () => {
    const { append, close } = worldOf(9_103)
    for (const nonce of [0, 1]) {
      const outcome = await append('a', nonce)
      if (outcome.kind === 'appended') await close(outcome.approval.id, 'final')
    }
    expect(await append('a', 2)).toEqual({ kind: 'refused', reason: 'sponsored_enough_for_payer' })
    const outcomes = await Promise.all(['b', 'c', 'd'].map((payer) => append(payer, 0)))
    expect(outcomes.filter((outcome) => outcome.kind === 'appended')).toHaveLength(1)
    expect(await append('e', 0)).toEqual({ kind: 'refused', reason: 'sponsored_enough_today' })
    expect(await append('e', 0, { sinceMs: 1_001 })).toMatchObject({ kind: 'appended' })
  })

  test('whoever spent the coins otherwise gets none again; an approval at its own cost is still taken', async () => {
    const { append, close, request } = worldOf(9_104)
    const first = await append('a', 0)
    if (first.kind === 'appended') await close(first.approval.id, 'failed')
    expect(await append('a', 1)).toEqual({ kind: 'refused', reason: 'sponsored_in_vain' })
    const { gift: _gift, ...plain } = request('a', 1)
    expect(await storage().approvals.appendApproval(plain)).toMatchObject({ kind: 'appended' })
  })
})
