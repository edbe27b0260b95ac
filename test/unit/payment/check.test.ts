import { privateKeyToAccount } from 'viem/accounts'
import { beforeAll, expect, test } from 'vitest'
import { LIMITS } from '../../../src/lib/limits.ts'
import { TurnpikeError } from '../../../src/lib/errors/turnpike-error.ts'
import { signQuote } from '../../../src/payment/offers/quote.ts'
import { check, KEYS, makeQuote, pay, payV1, SECRET, TERMS, USDC, USDT } from './stock-client.ts'

type Json = Record<string, unknown>

const OPEN = { balance: 1_000_000n, totalClaimed: 0n }
const EVIL = '0x00000000000000000000000000000000000000ee'
const payments: Record<string, Json> = {}

beforeAll(async () => {
  payments['voucher'] = await pay({ scheme: 'batch-settlement', asset: USDC, channel: OPEN })
  payments['deposit'] = await pay({ scheme: 'batch-settlement', asset: USDC })
  payments['permit2Deposit'] = await pay({ scheme: 'batch-settlement', asset: USDT })
  payments['upto'] = await pay({ scheme: 'upto', asset: USDC })
  payments['exact'] = await pay({ scheme: 'exact', asset: USDC })
  payments['permit2Exact'] = await pay({ scheme: 'exact', asset: USDT })
  payments['v1'] = await payV1()
})

function changed(name: string, changes: Record<string, unknown>): Json {
  const copy = structuredClone(payments[name] ?? {})
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let at = copy
    for (const inner of names) at = at[inner] as Json
    if (value === undefined) delete at[last]
    else at[last] = value
  }
  return copy
}

function refusal(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error
    return error.details.param === undefined ? error.code : `${error.code} ${error.details.param}`
  }
  return undefined
}

const refused = (name: string, changes: Record<string, unknown>, rest: object = {}) =>
  refusal(() => check({ payment: changed(name, changes), ...rest }))

const soon = (seconds: number) => `${Math.floor(Date.now() / 1000) + seconds}`
const ERC3009 = 'payload.deposit.authorization.erc3009Authorization'
const PERMIT_DEPOSIT = 'payload.deposit.authorization.permit2Authorization'
const PERMIT = 'payload.permit2Authorization'

test.each([
  // What is accepted must be an offer of ours, in every field.
  ['voucher', 'accepted.scheme', 'exact', 'payment_malformed payload.authorization'],
  ['voucher', 'accepted.network', 'eip155:8453', 'offer_mismatch accepted.network'],
  ['voucher', 'accepted.asset', EVIL, 'offer_mismatch accepted.asset'],
  ['voucher', 'accepted.amount', '9999', 'offer_mismatch accepted.amount'],
  ['voucher', 'accepted.amount', '10001', 'offer_mismatch accepted.amount'],
  ['voucher', 'accepted.payTo', EVIL, 'offer_mismatch accepted.payTo'],
  ['voucher', 'accepted.maxTimeoutSeconds', 121, 'offer_mismatch accepted.maxTimeoutSeconds'],
  ['voucher', 'accepted.extra.name', 'USD Coin', 'offer_mismatch accepted.extra.name'],
  ['voucher', 'accepted.extra.version', undefined, 'offer_mismatch accepted.extra.version'],
  ['voucher', 'accepted.extra.receiverAuthorizer', EVIL, 'offer_mismatch accepted.extra.receiverAuthorizer'],
  ['voucher', 'accepted.extra.withdrawDelay', 900, 'offer_mismatch accepted.extra.withdrawDelay'],
  ['voucher', 'accepted.extra.withdrawDelay', '86400', 'offer_mismatch accepted.extra.withdrawDelay'],
  ['voucher', 'accepted.extra.minDeposit', '1', 'offer_mismatch accepted.extra.minDeposit'],
  ['voucher', 'accepted.extra.paymentFlow', 'upfront', 'offer_mismatch accepted.extra'],
  ['upto', 'accepted.extra.facilitatorAddress', EVIL, 'offer_mismatch accepted.extra.facilitatorAddress'],
  [
    'upto',
    'accepted.extra.assetTransferMethod',
    'eip3009',
    'offer_mismatch accepted.extra.assetTransferMethod',
  ],
  // The quote.
  ['voucher', 'accepted.extra.quote', undefined, 'quote_missing'],
  ['voucher', 'accepted.extra.quote', 'AAAA', 'quote_forged'],
  // The channel must be one with us, on our terms.
  ['voucher', 'payload.channelConfig.payer', EVIL, 'offer_mismatch payload.voucher.channelId'],
  ['voucher', 'payload.channelConfig.payerAuthorizer', EVIL, 'offer_mismatch payload.voucher.channelId'],
  ['voucher', 'payload.channelConfig.receiver', EVIL, 'offer_mismatch payload.channelConfig.receiver'],
  [
    'voucher',
    'payload.channelConfig.receiverAuthorizer',
    EVIL,
    'offer_mismatch payload.channelConfig.receiverAuthorizer',
  ],
  ['voucher', 'payload.channelConfig.token', EVIL, 'offer_mismatch payload.channelConfig.token'],
  [
    'voucher',
    'payload.channelConfig.withdrawDelay',
    900,
    'offer_mismatch payload.channelConfig.withdrawDelay',
  ],
  [
    'voucher',
    'payload.channelConfig.salt',
    `0x${'01'.repeat(32)}`,
    'offer_mismatch payload.voucher.channelId',
  ],
  [
    'voucher',
    'payload.voucher.channelId',
    `0x${'01'.repeat(32)}`,
    'offer_mismatch payload.voucher.channelId',
  ],
  ['voucher', 'payload.voucher.maxClaimableAmount', '10001', 'signature_invalid payload.voucher.signature'],
  [
    'voucher',
    'payload.voucher.signature',
    `0x${'11'.repeat(64)}1b`,
    'signature_invalid payload.voucher.signature',
  ],
  [
    'voucher',
    'payload.voucher.signature',
    `0x${'ff'.repeat(64)}1b`,
    'signature_malleable payload.voucher.signature',
  ],
  // Deposits.
  ['deposit', 'payload.deposit.amount', '5000', `signature_invalid ${ERC3009}.signature`],
  ['deposit', `${ERC3009}.salt`, `0x${'01'.repeat(32)}`, `signature_invalid ${ERC3009}.signature`],
  ['deposit', `${ERC3009}.validBefore`, '1000', `payment_expired ${ERC3009}.validBefore`],
  ['deposit', `${ERC3009}.validBefore`, soon(3), `payment_validity_too_short ${ERC3009}.validBefore`],
  ['deposit', `${ERC3009}.validAfter`, soon(60), `payment_not_yet_valid ${ERC3009}.validAfter`],
  ['deposit', `${ERC3009}.signature`, `0x${'ff'.repeat(64)}1b`, `signature_malleable ${ERC3009}.signature`],
  ['permit2Deposit', `${PERMIT_DEPOSIT}.from`, EVIL, `offer_mismatch ${PERMIT_DEPOSIT}.from`],
  [
    'permit2Deposit',
    `${PERMIT_DEPOSIT}.permitted.token`,
    EVIL,
    `offer_mismatch ${PERMIT_DEPOSIT}.permitted.token`,
  ],
  [
    'permit2Deposit',
    `${PERMIT_DEPOSIT}.permitted.amount`,
    '1',
    `offer_mismatch ${PERMIT_DEPOSIT}.permitted.amount`,
  ],
  ['permit2Deposit', `${PERMIT_DEPOSIT}.spender`, EVIL, `offer_mismatch ${PERMIT_DEPOSIT}.spender`],
  [
    'permit2Deposit',
    `${PERMIT_DEPOSIT}.witness.channelId`,
    `0x${'01'.repeat(32)}`,
    `offer_mismatch ${PERMIT_DEPOSIT}.witness.channelId`,
  ],
  ['permit2Deposit', `${PERMIT_DEPOSIT}.nonce`, '1', `signature_invalid ${PERMIT_DEPOSIT}.signature`],
  ['permit2Deposit', `${PERMIT_DEPOSIT}.deadline`, '1000', `payment_expired ${PERMIT_DEPOSIT}.deadline`],
  [
    'permit2Deposit',
    `${PERMIT_DEPOSIT}.deadline`,
    soon(2),
    `payment_validity_too_short ${PERMIT_DEPOSIT}.deadline`,
  ],
  // Permit2 payments.
  ['upto', `${PERMIT}.from`, EVIL, 'signature_invalid payload.signature'],
  ['upto', `${PERMIT}.permitted.token`, EVIL, `offer_mismatch ${PERMIT}.permitted.token`],
  ['upto', `${PERMIT}.permitted.amount`, '10099', `offer_mismatch ${PERMIT}.permitted.amount`],
  ['upto', `${PERMIT}.spender`, EVIL, `offer_mismatch ${PERMIT}.spender`],
  ['upto', `${PERMIT}.nonce`, '1', 'signature_invalid payload.signature'],
  ['upto', `${PERMIT}.deadline`, '1000', `payment_expired ${PERMIT}.deadline`],
  ['upto', `${PERMIT}.deadline`, soon(800), `payment_validity_too_short ${PERMIT}.deadline`],
  ['upto', `${PERMIT}.witness.to`, EVIL, `offer_mismatch ${PERMIT}.witness.to`],
  ['upto', `${PERMIT}.witness.facilitator`, EVIL, `offer_mismatch ${PERMIT}.witness.facilitator`],
  ['upto', `${PERMIT}.witness.validAfter`, soon(60), `payment_not_yet_valid ${PERMIT}.witness.validAfter`],
  ['permit2Exact', `${PERMIT}.witness.to`, TERMS.payTo, `offer_mismatch ${PERMIT}.witness.to`],
  ['permit2Exact', `${PERMIT}.permitted.amount`, '99999', `offer_mismatch ${PERMIT}.permitted.amount`],
  ['permit2Exact', `${PERMIT}.deadline`, soon(3), `payment_validity_too_short ${PERMIT}.deadline`],
  // EIP-3009 payments.
  ['exact', 'payload.authorization.from', EVIL, 'signature_invalid payload.signature'],
  ['exact', 'payload.authorization.to', TERMS.payTo, 'offer_mismatch payload.authorization.to'],
  ['exact', 'payload.authorization.value', '10101', 'offer_mismatch payload.authorization.value'],
  ['exact', 'payload.authorization.nonce', `0x${'01'.repeat(32)}`, 'signature_invalid payload.signature'],
  [
    'exact',
    'payload.authorization.validAfter',
    soon(60),
    'payment_not_yet_valid payload.authorization.validAfter',
  ],
  ['exact', 'payload.authorization.validBefore', '1000', 'payment_expired payload.authorization.validBefore'],
  [
    'exact',
    'payload.authorization.validBefore',
    soon(3),
    'payment_validity_too_short payload.authorization.validBefore',
  ],
  ['v1', 'network', 'base', 'offer_mismatch network'],
  ['v1', 'payload.authorization.to', EVIL, 'offer_mismatch payload.authorization.to'],
  ['v1', 'payload.authorization.value', '1', 'offer_mismatch payload.authorization.value'],
] as const)('a %s whose %s is %s is refused: %s', (name, path, value, expected) => {
  expect(refused(name, {})).toBeUndefined()
  expect(refused(name, { [path]: value })).toBe(expected)
})

test('an offer may be echoed with addresses in another case, and with what a corrective 402 adds', () => {
  const lower = TERMS.receiverAuthorizer.toLowerCase()
  const echoed = {
    'accepted.extra.receiverAuthorizer': lower,
    'accepted.extra.channelState': { balance: '1' },
    'accepted.extra.voucherState': { signature: '0x' },
  }
  expect(refused('voucher', echoed)).toBeUndefined()
})

test('a quote serves one request, until it expires', () => {
  const voucher = { payment: changed('voucher', {}) }
  const other = Buffer.alloc(32).toString('base64url')
  expect(refusal(() => check({ ...voucher, requestHash: other }))).toBe('quote_mismatch')
  const nowMs = Date.now()
  expect(refusal(() => check({ ...voucher, nowMs: nowMs + 90_000 }))).toBeUndefined()
  expect(refusal(() => check({ ...voucher, nowMs: nowMs + 121_000 }))).toBe('quote_expired')
})

test('a cheaper quote of ours does not make a dearer request cheaper', () => {
  const quote = makeQuote({ ceilingPicoUsd: 1n, requestHash: Buffer.alloc(32).toString('base64url') })
  const token = signQuote({ quote, secret: SECRET })
  expect(refused('voucher', { 'accepted.extra.quote': token })).toBe('offer_mismatch accepted.amount')
  expect(refused('voucher', { 'accepted.extra.quote': token, 'accepted.amount': '1' })).toBe('quote_mismatch')
})

test('a scheme or token that is not offered is refused by name', () => {
  const schemes = ['exact'] as const
  expect(refused('voucher', {}, { terms: { ...TERMS, schemes } })).toBe('offer_mismatch accepted.scheme')
  expect(refused('upto', {}, { terms: { ...TERMS, assets: [USDT] } })).toBe('offer_mismatch accepted.asset')
})

test('a token moves in the way that was offered, not in another', () => {
  const { payload } = payments['exact'] ?? {}
  expect(refused('permit2Exact', { payload })).toBe('offer_mismatch payload.authorization')
  const permit = (payments['permit2Exact'] ?? {})['payload']
  expect(refused('exact', { payload: permit })).toBe('offer_mismatch payload.permit2Authorization')
})

test('a payment made for one network is worth nothing on another', () => {
  const assets = [{ ...USDC, network: 'eip155:8453' as const }]
  const terms = { ...TERMS, assets, settlementFees: [] }
  const network = { 'accepted.network': 'eip155:8453', 'accepted.amount': '10000' }
  expect(refused('voucher', network, { terms })).toBe('offer_mismatch payload.voucher.channelId')
})

test('a v1 payment is held against the fresh price of its request', () => {
  const payment = changed('v1', {})
  expect(refusal(() => check({ payment, quotedCeilingPicoUsd: 9_000_000_000n }))).toBe(
    'offer_mismatch payload.authorization.value',
  )
  expect(refusal(() => check({ payment, requestHash: 'of no matter' }))).toBeUndefined()
})

test('a delegate signs vouchers, never deposits', async () => {
  const voucherSigner = privateKeyToAccount(KEYS.delegate)
  const options = { voucherSigner }
  const payment = await pay({ scheme: 'batch-settlement', asset: USDC, options })
  const payload = payment['payload'] as { voucher: Json; channelConfig: Json }
  expect(refusal(() => check({ payment }))).toBeUndefined()
  // The payer's own voucher is not enough where the channel names a delegate.
  const own = changed('deposit', { 'payload.channelConfig': payload.channelConfig })
  own['payload'] = { ...(own['payload'] as Json), type: 'voucher', voucher: payload.voucher }
  expect(refusal(() => check({ payment: own }))).toBeUndefined()
  const { voucher } = changed('voucher', {})['payload'] as { voucher: { signature: string } }
  const forged = structuredClone(own)
  ;(forged['payload'] as { voucher: Json }).voucher['signature'] = voucher.signature
  expect(refusal(() => check({ payment: forged }))).toBe('signature_invalid payload.voucher.signature')
})

test('signatures are looked at last', () => {
  const both = { 'payload.voucher.maxClaimableAmount': '7', 'accepted.payTo': EVIL }
  expect(refused('voucher', both)).toBe('offer_mismatch accepted.payTo')
  const late = { [`${PERMIT}.deadline`]: '1000', 'payload.signature': `0x${'ff'.repeat(64)}1b` }
  expect(refused('upto', late)).toBe('payment_expired payload.permit2Authorization.deadline')
})

test('the time that must remain is that of the limits', () => {
  const nowMs = Date.now()
  const left = LIMITS.uptoTimeoutSeconds - LIMITS.uptoRemainingSeconds
  expect(refused('upto', {}, { nowMs: nowMs + (left - 5) * 1000 })).toBeUndefined()
  expect(refused('upto', {}, { nowMs: nowMs + (left + 5) * 1000 })).toBe(
    'payment_validity_too_short payload.permit2Authorization.deadline',
  )
})
