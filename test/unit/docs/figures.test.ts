import { expect, test } from 'vitest'
import { ENDPOINTS } from '../../../src/catalog/models.ts'
import { inputBound } from '../../../src/chat/input-bound.ts'
import { readChatRequest } from '../../../src/chat/read-chat-request.ts'
import { NO_USAGE } from '../../../src/chat/usage.ts'
import { DEV_NETWORK, devTerms } from '../../../src/app/options/defaults.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { formatUsd, parseUsd, picoUsdToAtomic } from '../../../src/lib/money.ts'
import { feeFor } from '../../../src/payment/offers/offers.ts'
import { ceilingOf } from '../../../src/pricing/ceiling.ts'
import { chargeOf } from '../../../src/pricing/charge.ts'
import { costOf } from '../../../src/pricing/cost.ts'
import { chapterOf, readPage } from './pages.ts'

/** The demo's first call, by the functions that price it. */
function workedExample() {
  const marginBps = 500
  const prices = ENDPOINTS.find(({ modelId }) => modelId === 'openai/gpt-4o-mini')?.prices
  if (!prices) throw new Error('The model of the example has no price.')
  const body = {
    model: 'openai/gpt-4o-mini',
    max_tokens: 160,
    messages: [{ role: 'user', content: 'Tell me about the harbour.' }],
  }
  const request = readChatRequest({ body: Buffer.from(JSON.stringify(body)) })
  const inputBoundTokens = inputBound({ request }).boundTokens
  const ceilingPicoUsd = ceilingOf({
    candidates: [prices],
    bounds: { inputBoundTokens, outputCap: 160, choices: 1 },
    marginBps,
  })
  const costPicoUsd = costOf({ usage: { ...NO_USAGE, inputUncached: 13, outputText: 108 }, prices })
  const forFee = (feePicoUsd: bigint) => {
    const ceilingAtomic = picoUsdToAtomic({ amountPicoUsd: ceilingPicoUsd + feePicoUsd, decimals: 6 })
    return { ceilingAtomic, ...chargeOf({ costPicoUsd, marginBps, feePicoUsd, decimals: 6, ceilingAtomic }) }
  }
  return { inputBoundTokens, ceilingPicoUsd, forFee }
}

function devUptoFee(): bigint {
  const address = '0x00000000000000000000000000000000000000aa'
  const addresses = { signer: address, till: address, receiverAuthorizer: address } as const
  const terms = devTerms({
    config: readConfig({}),
    world: { chain: { usdt: address }, payTo: address, addresses },
  })
  return feeFor({ terms, network: DEV_NETWORK, scheme: 'upto' })
}

const grouped = (value: bigint) => value.toLocaleString('en-US')

test('the worked example of the payments page is what the code computes', () => {
  const page = chapterOf({ page: readPage('docs/PAYMENTS.md'), heading: '## Money and rounding' })
  const { inputBoundTokens, ceilingPicoUsd, forFee } = workedExample()
  const channel = forFee(0n)
  const feePicoUsd = devUptoFee()
  const upto = forFee(feePicoUsd)
  expect(page).toContain(`bounds the input at ${inputBoundTokens} tokens`)
  expect(page).toContain(`fee $${formatUsd(feePicoUsd)}`)
  expect(page).toContain(`= ${grouped(ceilingPicoUsd)} pico-USD → **${channel.ceilingAtomic}** units`)
  expect(page).toContain(`= ${grouped(channel.chargePicoUsd)} pico-USD → **${channel.chargeAtomic}** units`)
  expect(page).toContain(`${grouped(ceilingPicoUsd + feePicoUsd)} → **${upto.ceilingAtomic}** units`)
  expect(page).toContain(`${grouped(upto.chargePicoUsd)} → **${upto.chargeAtomic}** units`)
})

test("the README's transcript shows the same call", () => {
  const page = chapterOf({ page: readPage('README.md'), heading: '## What the demo shows' })
  const { ceilingPicoUsd, forFee } = workedExample()
  const { chargeAtomic, ceilingAtomic, chargePicoUsd } = forFee(0n)
  expect(page).toContain(`at most $${formatUsd(ceilingPicoUsd)} for 160 tokens`)
  expect(page).toContain(
    `charge       ${chargeAtomic} of at most ${ceilingAtomic} units of USDC ($${formatUsd(chargePicoUsd)})`,
  )
})

test('limits that the pages quote are those of the house', () => {
  const usd = (text: string) => parseUsd(text)
  expect({
    quoteSeconds: LIMITS.quoteSeconds,
    turnMs: LIMITS.turnMs,
    turnWaiters: LIMITS.turnWaiters,
    withdrawDelaySeconds: LIMITS.withdrawDelaySeconds,
    uptoTimeoutSeconds: LIMITS.uptoTimeoutSeconds,
    uptoRemainingSeconds: LIMITS.uptoRemainingSeconds,
    exactRemainingSeconds: LIMITS.exactRemainingSeconds,
    maxTimeoutSeconds: LIMITS.maxTimeoutSeconds,
    claimEverySeconds: LIMITS.claimEverySeconds,
    refundAfterMs: LIMITS.refundAfterMs,
    retryWindowMs: LIMITS.retryWindowMs,
    leaseMs: LIMITS.leaseMs,
    groupSize: LIMITS.groupSize,
    bodyBytes: LIMITS.bodyBytes,
    paymentHeaderBytes: LIMITS.paymentHeaderBytes,
    exposurePicoUsd: LIMITS.exposurePicoUsd,
    claimAtPicoUsd: LIMITS.claimAtPicoUsd,
    minDepositPicoUsd: LIMITS.minDepositPicoUsd,
    tillFloatPicoUsd: LIMITS.tillFloatPicoUsd,
    byteBoundCeilingPicoUsd: LIMITS.byteBoundCeilingPicoUsd,
    stockClientCeilingPicoUsd: LIMITS.stockClientCeilingPicoUsd,
  }).toEqual({
    quoteSeconds: 120,
    turnMs: 1_500,
    turnWaiters: 256,
    withdrawDelaySeconds: 86_400,
    uptoTimeoutSeconds: 900,
    uptoRemainingSeconds: 840,
    exactRemainingSeconds: 6,
    maxTimeoutSeconds: 120,
    claimEverySeconds: 600,
    refundAfterMs: 600_000,
    retryWindowMs: 30_000,
    leaseMs: 5_000,
    groupSize: 512,
    bodyBytes: 10 * 1024 * 1024,
    paymentHeaderBytes: 8 * 1024,
    exposurePicoUsd: usd('1'),
    claimAtPicoUsd: usd('1'),
    minDepositPicoUsd: usd('1'),
    tillFloatPicoUsd: usd('20'),
    byteBoundCeilingPicoUsd: usd('0.1'),
    stockClientCeilingPicoUsd: usd('1'),
  })
})
