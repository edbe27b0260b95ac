import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  authorizationTypes,
  claimBatchTypes,
  permit2WitnessTypes,
  refundTypes,
  uptoPermit2WitnessTypes,
  voucherTypes,
} from '@x402/evm'
import { computeChannelId } from '@x402/evm/batch-settlement/client'
import {
  domainSeparator,
  encodeAbiParameters,
  getAddress,
  hashTypedData,
  keccak256 as viemKeccak,
  toHex,
  type TypedDataDomain,
} from 'viem'
import {
  channelIdOf,
  claimBatchDigest,
  depositNonce,
  refundDigest,
  voucherDigest,
} from '../../../src/payment/signing/channel-digest.ts'
import {
  BATCH_SETTLEMENT,
  EIP3009_COLLECTOR,
  EXACT_PROXY,
  PERMIT2,
  PERMIT2_COLLECTOR,
  UPTO_PROXY,
} from '../../../src/payment/tokens/contracts.ts'
import {
  depositAuthorizationDigest,
  depositPermitDigest,
  exactPermitDigest,
  transferAuthorizationDigest,
  uptoPermitDigest,
} from '../../../src/payment/signing/digest.ts'
import { bytesToHex, checksumAddress, keccak256 } from '../../../src/payment/hex.ts'
import { networkOf } from '../../../src/payment/tokens/networks.ts'
import { tokenSeparator } from '../../../src/payment/signing/token-domain.ts'
import type { Asset, Hex } from '../../../src/payment/types.ts'

const hexOf = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw): Hex => bytesToHex(raw))
const address = hexOf(20)
const bytes32 = hexOf(32)
const uint128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
const uint256 = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n })
const seconds = fc.integer({ min: 0, max: 2 ** 40 - 1 })
const chainId = fc.integer({ min: 1, max: 2 ** 40 })

const batchDomain = (id: number): TypedDataDomain => ({
  name: 'x402 Batch Settlement',
  version: '1',
  chainId: id,
  verifyingContract: getAddress(BATCH_SETTLEMENT),
})
const permit2Domain = (id: number): TypedDataDomain => ({
  name: 'Permit2',
  chainId: id,
  verifyingContract: PERMIT2,
})

test('vouchers, refunds and claims hash as viem hashes the published typed data', () => {
  fc.assert(
    fc.property(chainId, bytes32, uint128, uint256, (id, channelId, amount, nonce) => {
      const network = networkOf(id)
      const domain = batchDomain(id)
      expect(bytesToHex(voucherDigest({ channelId, maxAtomic: amount, network }))).toBe(
        hashTypedData({
          domain,
          types: voucherTypes,
          primaryType: 'Voucher',
          message: { channelId, maxClaimableAmount: amount },
        }),
      )
      expect(bytesToHex(refundDigest({ channelId, nonce, amountAtomic: amount, network }))).toBe(
        hashTypedData({
          domain,
          types: refundTypes,
          primaryType: 'Refund',
          message: { channelId, nonce, amount },
        }),
      )
    }),
    { numRuns: 50 },
  )
  const claim = fc.record({ channelId: bytes32, maxAtomic: uint128, totalClaimedAtomic: uint128 })
  fc.assert(
    fc.property(chainId, fc.array(claim, { maxLength: 4 }), (id, claims) => {
      expect(bytesToHex(claimBatchDigest({ claims, network: networkOf(id) }))).toBe(
        hashTypedData({
          domain: batchDomain(id),
          types: claimBatchTypes,
          primaryType: 'ClaimBatch',
          message: {
            claims: claims.map(({ channelId, maxAtomic, totalClaimedAtomic }) => ({
              channelId,
              maxClaimableAmount: maxAtomic,
              totalClaimed: totalClaimedAtomic,
            })),
          },
        }),
      )
    }),
    { numRuns: 30 },
  )
})

test('a channel id is what the published client computes', () => {
  const config = fc.record({
    payer: address,
    payerAuthorizer: address,
    receiver: address,
    receiverAuthorizer: address,
    token: address,
    withdrawDelay: seconds,
    salt: bytes32,
  })
  fc.assert(
    fc.property(chainId, config, (id, one) => {
      const network = networkOf(id)
      expect(channelIdOf({ config: one, network })).toBe(computeChannelId(one, network))
      // Again, from the memory of known channels.
      expect(channelIdOf({ config: { ...one }, network })).toBe(computeChannelId(one, network))
    }),
    { numRuns: 50 },
  )
})

test('EIP-3009 authorisations hash as viem hashes them, for payments and for deposits', () => {
  fc.assert(
    fc.property(
      chainId,
      fc.record({
        from: address,
        to: address,
        valueAtomic: uint128,
        validAfter: seconds,
        validBefore: seconds,
        nonce: bytes32,
      }),
      address,
      fc.record({ name: fc.string(), version: fc.string() }),
      (id, authorization, token, eip712) => {
        const asset: Asset = {
          network: networkOf(id),
          address: token,
          symbol: 'T',
          decimals: 6,
          transfer: 'eip3009',
          eip712,
        }
        const domain = { ...eip712, chainId: id, verifyingContract: token }
        const message = {
          from: authorization.from,
          to: authorization.to,
          value: authorization.valueAtomic,
          validAfter: BigInt(authorization.validAfter),
          validBefore: BigInt(authorization.validBefore),
          nonce: authorization.nonce,
        }
        expect(bytesToHex(transferAuthorizationDigest({ asset, authorization }))).toBe(
          hashTypedData({
            domain,
            types: authorizationTypes,
            primaryType: 'TransferWithAuthorization',
            message,
          }),
        )
        expect(bytesToHex(depositAuthorizationDigest({ asset, authorization }))).toBe(
          hashTypedData({
            domain,
            types: { ReceiveWithAuthorization: authorizationTypes.TransferWithAuthorization },
            primaryType: 'ReceiveWithAuthorization',
            message: { ...message, to: EIP3009_COLLECTOR },
          }),
        )
      },
    ),
    { numRuns: 50 },
  )
})

test('a domain with a salt in place of the chain id is what viem hashes', () => {
  fc.assert(
    fc.property(chainId, address, fc.string(), fc.string(), (id, token, name, version) => {
      const eip712 = { name, version, isSalted: true } as const
      const asset = { network: networkOf(id), address: token }
      const salt = toHex(id, { size: 32 })
      expect(tokenSeparator({ asset, eip712 })).toBe(
        domainSeparator({ domain: { name, version, verifyingContract: token, salt } }),
      )
      expect(tokenSeparator({ asset, eip712: { name, version } })).toBe(
        domainSeparator({ domain: { name, version, chainId: id, verifyingContract: token } }),
      )
    }),
    { numRuns: 30 },
  )
})

test('Permit2 authorisations hash as viem hashes them, with each of the three witnesses', () => {
  fc.assert(
    fc.property(
      chainId,
      fc.record({ token: address, amountAtomic: uint128, nonce: uint256, deadline: seconds }),
      fc.record({ to: address, facilitator: address, validAfter: seconds, channelId: bytes32 }),
      (id, permitted, witness) => {
        const permit = { ...permitted, network: networkOf(id) }
        const { to, facilitator, channelId } = witness
        const validAfter = BigInt(witness.validAfter)
        const domain = permit2Domain(id)
        const message = {
          permitted: { token: permit.token, amount: permit.amountAtomic },
          nonce: permit.nonce,
          deadline: BigInt(permit.deadline),
        }
        const primaryType = 'PermitWitnessTransferFrom'
        expect(bytesToHex(exactPermitDigest({ permit, to, validAfter: witness.validAfter }))).toBe(
          hashTypedData({
            domain,
            types: permit2WitnessTypes,
            primaryType,
            message: { ...message, spender: EXACT_PROXY, witness: { to, validAfter } },
          }),
        )
        expect(
          bytesToHex(uptoPermitDigest({ permit, to, facilitator, validAfter: witness.validAfter })),
        ).toBe(
          hashTypedData({
            domain,
            types: uptoPermit2WitnessTypes,
            primaryType,
            message: { ...message, spender: UPTO_PROXY, witness: { to, facilitator, validAfter } },
          }),
        )
        const [permittedField, spender, nonce, deadline] = permit2WitnessTypes.PermitWitnessTransferFrom
        expect(bytesToHex(depositPermitDigest({ permit, channelId }))).toBe(
          hashTypedData({
            domain,
            types: {
              PermitWitnessTransferFrom: [
                permittedField,
                spender,
                nonce,
                deadline,
                { name: 'witness', type: 'DepositWitness' },
              ],
              TokenPermissions: permit2WitnessTypes.TokenPermissions,
              DepositWitness: [{ name: 'channelId', type: 'bytes32' }],
            },
            primaryType,
            message: { ...message, spender: PERMIT2_COLLECTOR, witness: { channelId } },
          }),
        )
      },
    ),
    { numRuns: 50 },
  )
})

test('a deposit nonce is the hash of channel and salt', () => {
  fc.assert(
    fc.property(bytes32, bytes32, (channelId, salt) => {
      const encoded = encodeAbiParameters(
        [{ type: 'bytes32' }, { type: 'uint256' }],
        [channelId, BigInt(salt)],
      )
      expect(depositNonce({ channelId, salt })).toBe(viemKeccak(encoded))
    }),
  )
})

test('hashes and checksums are those of viem', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), address, (bytes, one) => {
      expect(bytesToHex(keccak256(bytes))).toBe(viemKeccak(bytes))
      expect(checksumAddress(one)).toBe(getAddress(one))
    }),
  )
})
