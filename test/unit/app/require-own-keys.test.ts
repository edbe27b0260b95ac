import { expect, test } from 'vitest'
import { requireOwnKeys } from '../../../src/app/require-own-keys.ts'
import type { ChainSender, LaneStore } from '../../../src/settlement/ports.ts'
import type { Lane } from '../../../src/settlement/types.ts'

const lane = (role: Lane['role']): Lane => ({ network: 'eip155:84532', role, address: `0x${role}` })

function check({
  mined = 0,
  pending = mined,
  signed,
}: {
  mined?: number
  pending?: number
  signed?: number
}) {
  const sender = {
    lanes: { signer: lane('signer'), till: lane('till') },
    getNonce: async ({ role }: Lane, at?: bigint | 'pending') =>
      role === 'till' ? 0 : at === 'pending' ? pending : mined,
  } as unknown as ChainSender
  const lanes = {
    getLane: async ({ role }: Lane) =>
      role === 'signer' && signed !== undefined ? { firstNonce: 0, nextNonce: signed } : undefined,
  } as LaneStore
  return requireOwnKeys({ chains: [['eip155:84532', { sender }]], lanes })
}

test('a key of our own starts: fresh, used before, with transactions of ours under way', async () => {
  await check({})
  await check({ mined: 7 })
  await check({ mined: 5, pending: 7, signed: 7 })
  await check({ mined: 7, signed: 9 })
})

test('a key with more transactions on chain than we have signed refuses the start, and says what to do', async () => {
  await expect(check({ mined: 8, signed: 7 })).rejects.toThrow(
    /TURNPIKE_SIGNER_KEY: somebody else uses 0xsigner .* signed 7 .* knows of 8.*key of its own/,
  )
  await expect(check({ mined: 7, pending: 8, signed: 7 })).rejects.toThrow('somebody else')
})

test('a fresh key with transactions under way is somebody else’s', async () => {
  await expect(check({ mined: 3, pending: 5 })).rejects.toThrow('2 of its transactions are under way')
})

test('a chain that cannot be asked does not stop the start', async () => {
  const sender = {
    lanes: { signer: lane('signer'), till: lane('till') },
    getNonce: () => Promise.reject(new Error('unreachable')),
  } as unknown as ChainSender
  await requireOwnKeys({ chains: [['eip155:84532', { sender }]], lanes: {} as LaneStore })
})
