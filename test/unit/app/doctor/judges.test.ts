import { expect, test } from 'vitest'
import type { RpcSight } from '../../../../src/chain/read/examine-rpcs.ts'
import { judgeClock } from '../../../../src/app/doctor/clock.ts'
import { judgeContracts } from '../../../../src/app/doctor/contracts.ts'
import { judgeDatabase, judgeFolder } from '../../../../src/app/doctor/database.ts'
import { judgeFloat } from '../../../../src/app/doctor/float.ts'
import { judgeGas } from '../../../../src/app/doctor/gas.ts'
import { judgeKeys } from '../../../../src/app/doctor/keys.ts'
import { judgeDemand } from '../../../../src/app/doctor/own-demand.ts'
import { judgeProvider } from '../../../../src/app/doctor/providers.ts'
import { judgeRedis } from '../../../../src/app/doctor/redis.ts'
import { judgeRpcs } from '../../../../src/app/doctor/rpcs.ts'
import { judgeTokens } from '../../../../src/app/doctor/tokens.ts'
import type { Verdict } from '../../../../src/app/doctor/verdict.ts'
import { EXACT_PROXY, MULTICALL3, PERMIT2, UPTO_PROXY } from '../../../../src/payment/tokens/contracts.ts'
import { buildPaymentRequired, encodePaymentRequired } from '../../../../src/payment/payment-required.ts'
import { makeOffers, TERMS, USDC, USDT } from '../../payment/stock-client.ts'

const NETWORK = USDC.network
const NOW_MS = 1_893_456_000_000
const NOW_S = NOW_MS / 1_000

const statesOf = (verdicts: readonly Verdict[]) => verdicts.map(({ state }) => state)

test('keys: four addresses that differ are well, each pair that does not is named with its fix', () => {
  const { signer, till, receiverAuthorizer, payTo } = TERMS
  const keys = { signer, till, receiverAuthorizer, payTo }
  expect(statesOf(judgeKeys(keys))).toEqual(['ok'])
  expect(judgeKeys({ ...keys, till: signer })).toMatchObject([
    { state: 'fail', fix: 'Give TURNPIKE_TILL_KEY a key of its own.' },
  ])
  expect(judgeKeys({ ...keys, payTo: till })).toMatchObject([
    { state: 'fail', seen: expect.stringContaining('the key of TURNPIKE_PAY_TO') as string },
  ])
  expect(judgeKeys({ ...keys, till: signer, receiverAuthorizer: signer })).toHaveLength(3)
})

const HASH = `0x${'ab'.repeat(32)}` as const

const answered = (more: Partial<Extract<RpcSight, { kind: 'answered' }>> = {}, ageSeconds = 2): RpcSight => ({
  kind: 'answered',
  chainId: 84_532,
  head: { number: 100n, hash: HASH, timestamp: NOW_S - ageSeconds },
  elapsedMs: 12,
  sharedHash: HASH,
  ...more,
})

const rpcs = (sights: readonly RpcSight[], hasBlocksOnDemand = false) =>
  judgeRpcs({
    network: NETWORK,
    sights,
    sharedBlock: 100n,
    hosts: sights.map((_sight, index) => `rpc${index}.example`),
    nowMs: NOW_MS,
    hasBlocksOnDemand,
  })

test('rpcs: two that answer, are fresh and agree are well; one alone is a warning', () => {
  expect(statesOf(rpcs([answered(), answered()]))).toEqual(['ok', 'ok', 'ok'])
  expect(statesOf(rpcs([answered()]))).toEqual(['ok', 'warn'])
})

test('rpcs: silence, another chain, an old head and a contradiction fail, each by its name', () => {
  const silent = rpcs([{ kind: 'silent', why: 'unreachable' }, answered()])
  expect(silent).toMatchObject([
    {
      name: 'rpc eip155:84532 rpc0.example',
      state: 'fail',
      fix: expect.stringContaining('TURNPIKE_RPC_84532') as string,
    },
    { state: 'ok' },
    { state: 'fail', seen: '1 of 2 can be used, and one alone makes no block final.' },
  ])
  expect(rpcs([answered({ chainId: 8_453 })])[0]).toMatchObject({
    state: 'fail',
    seen: 'is an RPC of chain 8453, not of 84532.',
  })
  expect(rpcs([answered({}, 60)])[0]?.state).toBe('ok')
  expect(rpcs([answered({}, 61)])[0]).toMatchObject({
    state: 'fail',
    seen: expect.stringContaining('61 s old') as string,
  })
  expect(rpcs([answered({}, 9_999)], true)[0]?.state).toBe('ok')
  const other = answered({ sharedHash: `0x${'cd'.repeat(32)}` })
  expect(rpcs([answered(), other]).at(-1)).toMatchObject({
    state: 'fail',
    seen: 'they have different blocks 100.',
  })
})

test('tokens: what the chain says otherwise fails with its fix, what an issuer switched off is a warning', () => {
  const checks = [
    { asset: USDC, ok: false, problem: 'USDC has 18 decimals.', fix: 'Set its decimals to 18.' },
    { asset: USDT, ok: true },
  ] as const
  expect(judgeTokens({ checks, states: [{ asset: USDT, reason: 'paused' }] })).toMatchObject([
    { state: 'fail', seen: 'USDC has 18 decimals.', fix: 'Set its decimals to 18.' },
    { state: 'warn', name: `token USDT ${NETWORK}` },
  ])
  const unverified = { asset: { ...USDC, isUnconfirmed: true }, ok: false, problem: 'p.', fix: 'f' } as const
  expect(judgeTokens({ checks: [unverified], states: [] })).toMatchObject([
    { state: 'warn', seen: 'p. It is not offered.' },
  ])
  expect(statesOf(judgeTokens({ checks: [{ asset: USDC, ok: true }], states: [{ asset: USDC }] }))).toEqual([
    'ok',
  ])
})

test('contracts: one that takes schemes away is a warning, all of them or Multicall3 a failure', () => {
  const contracts = (absent: readonly `0x${string}`[], terms = TERMS) =>
    judgeContracts({ network: NETWORK, absent, terms })
  expect(statesOf(contracts([]))).toEqual(['ok'])
  expect(contracts([UPTO_PROXY])).toMatchObject([
    { state: 'warn', seen: expect.stringContaining('upto in USDC, upto in USDT') as string },
  ])
  expect(statesOf(contracts([MULTICALL3]))).toEqual(['fail'])
  const onlyUsdt = { ...TERMS, assets: [USDT] }
  expect(statesOf(contracts([PERMIT2], onlyUsdt))).toEqual(['fail'])
  // Nobody needs it: USDC is paid without it, and nothing else is sold.
  const onlyExactUsdc = { ...TERMS, assets: [USDC], schemes: ['exact'] as const }
  expect(statesOf(contracts([EXACT_PROXY], onlyExactUsdc))).toEqual(['ok'])
})

test('gas: nothing fails, little warns, and the fix says how much is missing', () => {
  const gas = (balanceWei: bigint) =>
    judgeGas({
      network: NETWORK,
      role: 'signer',
      address: TERMS.signer,
      balanceWei,
      feePerGasWei: 1_000_000_000n,
    })
  const oneWei = 200_000n * 1_000_000_000n
  expect(gas(oneWei - 1n)).toMatchObject({
    state: 'fail',
    fix: `Send it at least 0.02 coins on ${NETWORK}.`,
  })
  expect(gas(oneWei).state).toBe('warn')
  expect(gas(oneWei * 99n).state).toBe('warn')
  expect(gas(oneWei * 100n)).toMatchObject({
    state: 'ok',
    seen: expect.stringContaining('0.02 coins') as string,
  })
})

test('float: twice of it on the till is a warning, in whatever decimals', () => {
  const wide = { ...USDT, decimals: 18 }
  expect(judgeFloat({ asset: USDC, heldAtomic: 0n }).state).toBe('ok')
  expect(judgeFloat({ asset: USDC, heldAtomic: 40_000_000n }).state).toBe('ok')
  expect(judgeFloat({ asset: USDC, heldAtomic: 40_000_001n }).state).toBe('warn')
  expect(judgeFloat({ asset: wide, heldAtomic: 40n * 10n ** 18n }).state).toBe('ok')
  expect(judgeFloat({ asset: wide, heldAtomic: 41n * 10n ** 18n }).state).toBe('warn')
})

const date = (skewMs: number, source = 'a.example') =>
  ({ source, kind: 'date', theirsMs: NOW_MS, oursMs: NOW_MS + 500 + skewMs }) as const

test('clock: it fails where everybody disagrees with it, and warns where one does', () => {
  expect(judgeClock({ sights: [date(0)] }).state).toBe('ok')
  expect(judgeClock({ sights: [date(5_000)] }).state).toBe('ok')
  expect(judgeClock({ sights: [date(-5_001)] })).toMatchObject({
    state: 'fail',
    seen: 'this machine is 6 s behind a.example.',
  })
  expect(judgeClock({ sights: [date(0), date(90_000, 'b.example')] })).toMatchObject({
    state: 'warn',
    seen: 'this machine is 90 s ahead of b.example, but agrees with a.example.',
  })
  expect(judgeClock({ sights: [] }).state).toBe('warn')
})

test('clock: a block from the future is one that we are behind; an old block says nothing', () => {
  const block = (aheadMs: number) =>
    ({ source: 'rpc.example', kind: 'block', theirsMs: NOW_MS + aheadMs, oursMs: NOW_MS }) as const
  expect(judgeClock({ sights: [date(0), block(5_000)] }).state).toBe('ok')
  expect(judgeClock({ sights: [date(0), block(5_001)] }).state).toBe('fail')
  expect(judgeClock({ sights: [date(0), block(-999_000)] }).state).toBe('ok')
})

test('providers: judged by the status of their list of models', () => {
  const provider = {
    id: 'openai',
    dialect: 'openai',
    baseUrl: 'https://api.example/v1',
    apiKeyVariable: 'OPENAI_API_KEY',
    simulated: false,
  } as const
  const judge = (status: number, keyCount = 1) =>
    judgeProvider({
      provider,
      sight: { kind: 'answered', status, elapsedMs: 9, arrivedAtMs: NOW_MS },
      keyIndex: 0,
      keyCount,
    })
  expect([200, 404, 301, 429, 500, 401].map((status) => judge(status).state)).toEqual([
    'ok',
    'ok',
    'warn',
    'warn',
    'warn',
    'fail',
  ])
  expect(judge(401, 2)).toMatchObject({
    name: 'provider openai key 1',
    fix: 'Replace key 1 in OPENAI_API_KEY.',
  })
  const silent = { kind: 'silent', why: 'timeout' } as const
  expect(judgeProvider({ provider, sight: silent, keyIndex: 0, keyCount: 1 })).toMatchObject({
    state: 'fail',
    fix: 'Let this machine reach api.example, or correct OPENAI_BASE_URL.',
  })
})

test('stores: an absent Postgres fails, an absent Redis only makes settlement later', () => {
  expect(judgeDatabase({ kind: 'silent', code: 'ECONNREFUSED' }).state).toBe('fail')
  expect(judgeDatabase({ kind: 'answered', elapsedMs: 1, hasLedger: false }).state).toBe('warn')
  expect(judgeDatabase({ kind: 'answered', elapsedMs: 1, hasLedger: true }).state).toBe('ok')
  expect(judgeRedis({ kind: 'silent', code: 'ECONNREFUSED' }).state).toBe('warn')
  expect(judgeRedis({ kind: 'answered', elapsedMs: 1 }).state).toBe('ok')
  const folder = { folder: 'data/ledger', holderPid: 7, isWritable: true, isReady: true }
  expect(judgeFolder({ ...folder, isDev: true }).state).toBe('ok')
  expect(judgeFolder({ ...folder, isDev: false })).toMatchObject({
    state: 'warn',
    fix: expect.stringContaining('DATABASE_URL') as string,
  })
  expect(judgeFolder({ ...folder, isWritable: false, isDev: true }).state).toBe('fail')
  expect(judgeFolder({ ...folder, isReady: false, isDev: true }).state).toBe('fail')
})

const ORIGIN = 'https://sells.example'

const headerOf = (origin: string) =>
  encodePaymentRequired(
    buildPaymentRequired({
      offers: makeOffers(),
      resource: { url: `${origin}/v1/chat/completions`, description: 'a call', mimeType: 'application/json' },
    }),
  )

const demand = ({
  status = 402,
  header = headerOf(ORIGIN),
  terms = TERMS,
}: { status?: number; header?: string | null; terms?: typeof TERMS } = {}) =>
  judgeDemand({ sight: { kind: 'answered', status, header }, url: ORIGIN, isPublic: true, terms })

test('our own 402: well where a stranger would pay us for this address', () => {
  expect(demand()).toMatchObject([{ state: 'ok', name: `402 ${ORIGIN}` }])
})

test('our own 402: a proxy that changes status, header or address is found, and so is a foreign recipient', () => {
  expect(demand({ status: 301 })).toMatchObject([
    { state: 'fail', seen: expect.stringContaining('301') as string },
  ])
  expect(demand({ header: null })[0]?.seen).toContain('without its header')
  expect(demand({ header: 'e30=' })[0]?.seen).toContain('cannot be read')
  expect(demand({ header: headerOf('http://127.0.0.1:4020') })).toMatchObject([
    { state: 'fail', fix: `Set TURNPIKE_PUBLIC_URL to ${ORIGIN}.` },
  ])
  const others = demand({ terms: { ...TERMS, payTo: TERMS.signer, receiverAuthorizer: TERMS.signer } })
  // Two tokens: each by channel (recipient and authorizer) and by upto (recipient); exact goes to the till.
  expect(others).toHaveLength(6)
  expect(demand({ terms: { ...TERMS, assets: [USDC] } })).toHaveLength(3)
})

test('our own 402: nobody there is a failure at the public address and a warning on this machine', () => {
  const at = (isPublic: boolean) =>
    judgeDemand({ sight: { kind: 'silent' }, url: ORIGIN, isPublic, terms: TERMS })
  expect(statesOf(at(true))).toEqual(['fail'])
  expect(statesOf(at(false))).toEqual(['warn'])
})
