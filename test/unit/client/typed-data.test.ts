import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashTypedData } from 'viem'
import {
  depositData,
  depositPermitData,
  exactPermitData,
  transferData,
  uptoPermitData,
  voucherData,
} from '../../../src/client/wire/typed-data.ts'
import type { TypedData } from '../../../src/client/wire/wallet.ts'
import { BASE_SEPOLIA_USDC, BASE_USDC } from '../../../src/payment/tokens/assets.ts'
import { voucherDigest } from '../../../src/payment/signing/channel-digest.ts'
import {
  depositAuthorizationDigest,
  depositPermitDigest,
  exactPermitDigest,
  transferAuthorizationDigest,
  uptoPermitDigest,
} from '../../../src/payment/signing/digest.ts'
import type { Hex } from '../../../src/payment/types.ts'

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((value): Hex => `0x${Buffer.from(value).toString('hex')}`)
const SECONDS = fc.integer({ min: 0, max: 2 ** 40 })
const UINT128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })

const ANY = fc.record({
  asset: fc.constantFrom(BASE_SEPOLIA_USDC, BASE_USDC),
  from: hex(20),
  to: hex(20),
  facilitator: hex(20),
  nonce: hex(32),
  channelId: hex(32),
  amountAtomic: UINT128,
  validAfter: SECONDS,
  until: SECONDS,
})

const hashOf = (data: TypedData) => hashTypedData(data as Parameters<typeof hashTypedData>[0])
const spelled = (digest: Uint8Array) => `0x${Buffer.from(digest).toString('hex')}`

test('what a wallet signs has the digest that the server checks, for every kind of payment', () => {
  fc.assert(
    fc.property(
      ANY,
      ({ asset, from, to, facilitator, nonce, channelId, amountAtomic, validAfter, until }) => {
        const { network, address: token } = asset
        const domain = {
          network,
          token,
          name: asset.eip712?.name ?? '',
          version: asset.eip712?.version ?? '',
        }
        const terms = { from, valueAtomic: amountAtomic, validAfter, validBefore: until, nonce }
        const permit = { network, token, amountAtomic, nonce: BigInt(nonce), deadline: until }
        const pairs: [TypedData, Uint8Array][] = [
          [
            voucherData({ channelId, maxAtomic: amountAtomic, network }),
            voucherDigest({ channelId, maxAtomic: amountAtomic, network }),
          ],
          [
            transferData({ domain, to, terms }),
            transferAuthorizationDigest({ asset, authorization: { ...terms, to } }),
          ],
          [depositData({ domain, terms }), depositAuthorizationDigest({ asset, authorization: terms })],
          [exactPermitData({ permit, to, validAfter }), exactPermitDigest({ permit, to, validAfter })],
          [
            uptoPermitData({ permit, to, facilitator, validAfter }),
            uptoPermitDigest({ permit, to, facilitator, validAfter }),
          ],
          [depositPermitData({ permit, channelId }), depositPermitDigest({ permit, channelId })],
        ]
        for (const [data, digest] of pairs) expect(hashOf(data)).toBe(spelled(digest))
      },
    ),
    { numRuns: 50 },
  )
})
