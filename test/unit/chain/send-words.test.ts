import { encodeErrorResult, parseAbi } from 'viem'
import { expect, test } from 'vitest'
import { toContractSignature } from '../../../src/chain/calldata/contract-signature.ts'
import { RpcError } from '../../../src/chain/rpc-error.ts'
import { classifyRefusal } from '../../../src/chain/send/broadcast.ts'
import { feesWithin, replacementFees } from '../../../src/chain/send/fees.ts'
import { revertReason } from '../../../src/chain/send/revert-reason.ts'

// The words of geth, op-geth, erigon, nethermind, besu, reth and anvil.
test.each([
  ['already known', 'known'],
  ['AlreadyKnown', 'known'],
  ['transaction already imported', 'known'],
  ['Known transaction', 'known'],
  ['nonce too low: next nonce 5, tx nonce 4', 'nonce-too-low'],
  ['nonce too low', 'nonce-too-low'],
  ['OldNonce, Current nonce: 5, nonce of rejected tx: 4', 'nonce-too-low'],
  ['replacement transaction underpriced', 'underpriced'],
  ['replacement transaction underpriced: nonce too low to replace', 'underpriced'],
  ['transaction underpriced: tip needed 1000, tip permitted 1', 'underpriced'],
  ['max fee per gas less than block base fee: address 0x01, maxFeePerGas: 1, baseFee: 7', 'underpriced'],
  ['ReplacementNotAllowed', 'underpriced'],
  ['nonce too high', 'unknown'],
  ['insufficient funds for gas * price + value', 'unknown'],
  ['rate limited', 'unknown'],
  ['', 'unknown'],
])('a node that says "%s" means %s', (refusal, word) => {
  expect(classifyRefusal(refusal)).toBe(word)
})

const GWEI = 1_000_000_000n
const caps = { maxFeePerGasWei: 100n * GWEI, maxPriorityFeePerGasWei: 2n * GWEI }
const fees = (base: bigint, tip: bigint) =>
  feesWithin({ market: { nextBaseFeeWei: base, usualPriorityFeeWei: tip }, caps })

test('fees leave room for a doubled base fee and never pass the caps', () => {
  expect(fees(10n * GWEI, GWEI)).toEqual({
    maxFeePerGasWei: 21n * GWEI,
    maxPriorityFeePerGasWei: GWEI,
    usualFeePerGasWei: 11n * GWEI,
  })
  expect(fees(10n * GWEI, 50n * GWEI)).toEqual({
    maxFeePerGasWei: 22n * GWEI,
    maxPriorityFeePerGasWei: 2n * GWEI,
    usualFeePerGasWei: 12n * GWEI,
  })
  expect(fees(80n * GWEI, GWEI)).toMatchObject({
    maxFeePerGasWei: 100n * GWEI,
    maxPriorityFeePerGasWei: GWEI,
  })
  const tight = fees(100n * GWEI - 5n, GWEI)
  expect(tight).toMatchObject({ maxFeePerGasWei: 100n * GWEI, maxPriorityFeePerGasWei: 5n })
  expect(fees(100n * GWEI, 0n)).toBeUndefined()
  expect(fees(0n, 0n)?.maxPriorityFeePerGasWei).toBeGreaterThan(0n)
})

test('fees of a replacement are an eighth higher, follow the market, and never pass the caps', () => {
  const old = { maxFeePerGasWei: 8n * GWEI, maxPriorityFeePerGasWei: GWEI }
  const replaced = (base: bigint, limit = caps) =>
    replacementFees({ old, market: { nextBaseFeeWei: base, usualPriorityFeeWei: 1n }, caps: limit })
  expect(replaced(GWEI)).toEqual({
    maxFeePerGasWei: 9n * GWEI + 1n,
    maxPriorityFeePerGasWei: (9n * GWEI) / 8n + 1n,
  })
  expect(replaced(10n * GWEI)?.maxFeePerGasWei).toBeGreaterThan(20n * GWEI)
  expect(replaced(GWEI, { ...caps, maxFeePerGasWei: 9n * GWEI })).toBeUndefined()
  expect(replaced(100n * GWEI)).toBeUndefined()
})

const reverted = (details: { refusal?: string; revertData?: `0x${string}` }) =>
  revertReason(new RpcError({ kind: 'refused', method: 'eth_call', ...details }))
const sentence = (text: string) =>
  encodeErrorResult({ abi: parseAbi(['error Error(string)']), errorName: 'Error', args: [text] })

test.each([
  ['FiatTokenV2: authorization is expired', 'authorization_expired'],
  ['FiatTokenV2: authorization is not yet valid', 'authorization_not_yet_valid'],
  ['FiatTokenV2: authorization is used or canceled', 'nonce_used'],
  ['FiatTokenV2: invalid signature', 'invalid_signature'],
  ['ECRecover: invalid signature', 'invalid_signature'],
  ['ERC20: transfer amount exceeds balance', 'insufficient_balance'],
  ['ERC20: transfer amount exceeds allowance', 'insufficient_allowance'],
  ['Pausable: paused', 'token_paused'],
  ['Blacklistable: account is blacklisted', 'address_blocked'],
  ['TRANSFER_FROM_FAILED', 'transfer_failed'],
  ['the prompt of somebody', 'reverted'],
])('a contract that says "%s" means %s', (text, reason) => {
  expect(reverted({ revertData: sentence(text) })).toBe(reason)
  expect(reverted({ refusal: `execution reverted: ${text}` })).toBe(reason)
})

test('custom errors have names of ours, and raw data never becomes a reason', () => {
  const abi = parseAbi(['error SignatureExpired(uint256)', 'error Unheard(string)', 'error InvalidNonce()'])
  const expired = encodeErrorResult({ abi, errorName: 'SignatureExpired', args: [1n] })
  expect(reverted({ revertData: expired })).toBe('authorization_expired')
  expect(reverted({ revertData: encodeErrorResult({ abi, errorName: 'InvalidNonce' }) })).toBe('nonce_used')
  const unheard = encodeErrorResult({ abi, errorName: 'Unheard', args: ['paused expired'] })
  expect(reverted({ revertData: unheard })).toBe('reverted')
  expect(reverted({ revertData: '0x' })).toBe('reverted')
})

test('only the recovery byte of a key signature is rewritten', () => {
  const rs = 'ab'.repeat(64)
  expect(toContractSignature(`0x${rs}00`)).toBe(`0x${rs}1b`)
  expect(toContractSignature(`0x${rs}01`)).toBe(`0x${rs}1c`)
  expect(toContractSignature(`0x${rs}1c`)).toBe(`0x${rs}1c`)
  expect(toContractSignature(`0x${rs}`)).toBe(`0x${rs}`)
  expect(toContractSignature(`0x${rs}0001`)).toBe(`0x${rs}0001`)
})
