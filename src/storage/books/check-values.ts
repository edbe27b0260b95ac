import type { Admission, Attempt, Capture } from '../../call/types.ts'

/** numeric(39,0) */
const MAX_AMOUNT = 10n ** 39n - 1n

/**
 * One value that the database does not take would fail the statement of a whole group, so every value is looked at before
 * it enters the lane. Such a value is a defect of the program: callers' input was validated long before.
 */
function check(isGood: boolean, field: string): void {
  if (!isGood) throw new RangeError(`The database would not take the value of ${field}.`)
}

const amount = (value: bigint, field: string) =>
  check(typeof value === 'bigint' && value >= 0n && value <= MAX_AMOUNT, field)
const count = (value: number, field: string, most = Number.MAX_SAFE_INTEGER) =>
  check(Number.isSafeInteger(value) && value >= 0 && value <= most, field)
/** Postgres has no NUL in text. */
const words = (value: string | undefined, field: string) =>
  check(value === undefined || (typeof value === 'string' && !value.includes('\0')), field)

const INT = 2 ** 31 - 1

/** Budgets are told apart by their accounts, and a call takes one amount of each metric; a limit of one request has no sums. */
function checkBudgets(holds: Admission['holds']): void {
  const taken = new Map<string, bigint>()
  const accounts = new Set<string>()
  for (const { ledger, account, amount: asked, budget } of holds) {
    if (!budget) continue
    amount(budget.limit, 'budget.limit')
    count(budget.version, 'budget.version', INT)
    words(account, 'holds')
    check(ledger === budget.metric && budget.windowId !== 'request', 'budget.metric')
    // A slot by itself would be a window of its own.
    check(
      budget.windowId.startsWith('rolling') === (budget.rollingFromMs !== undefined),
      'budget.rollingFromMs',
    )
    check((taken.get(ledger) ?? asked) === asked && !accounts.has(account), 'holds')
    taken.set(ledger, asked)
    accounts.add(account)
  }
}

/** @throws RangeError naming the field. */
export function checkAdmission(admission: Admission): void {
  const { payer, channel, holds } = admission
  amount(admission.ceilingAtomic, 'ceilingAtomic')
  amount(admission.feePicoUsd, 'feePicoUsd')
  amount(admission.estimatedCostPicoUsd, 'estimatedCostPicoUsd')
  for (const hold of holds) amount(hold.amount, 'holds')
  checkBudgets(holds)
  if (admission.exposureLimitAtomic !== undefined)
    amount(admission.exposureLimitAtomic, 'exposureLimitAtomic')
  if (channel) {
    amount(channel.voucher.maxAtomic, 'channel.voucher')
    amount(channel.unclaimedLimitAtomic, 'channel.unclaimedLimitAtomic')
  }
  count(admission.decimals, 'decimals', 100)
  count(admission.outputCap, 'outputCap', INT)
  count(admission.atMs, 'atMs')
  check(admission.paymentKey.length > 0 && admission.paymentKey.length <= 64, 'paymentKey')
  words(admission.callId, 'callId')
  words(admission.network, 'network')
  words(admission.asset, 'asset')
  words(payer.id, 'payer')
  words(admission.organizationId, 'organizationId')
  words(admission.principalId, 'principalId')
  words(admission.keyId, 'keyId')
  words(admission.requestHash, 'requestHash')
  words(admission.requestId, 'requestId')
  words(admission.modelId, 'modelId')
  words(admission.endpointId, 'endpointId')
  words(admission.providerId, 'providerId')
  words(admission.region, 'region')
  words(admission.strategy, 'strategy')
  words(admission.priceBook, 'priceBook')
  words(channel?.id, 'channel.id')
  words(channel?.voucher.signature, 'channel.voucher')
}

/** @throws RangeError naming the field. */
export function checkCapture(capture: Capture): void {
  amount(capture.chargeAtomic, 'chargeAtomic')
  amount(capture.chargePicoUsd, 'chargePicoUsd')
  amount(capture.costPicoUsd, 'costPicoUsd')
  for (const [bucket, tokens] of Object.entries(capture.usage)) count(tokens, `usage.${bucket}`)
  if (capture.firstContentMs !== undefined) count(capture.firstContentMs, 'firstContentMs', INT)
  count(capture.totalMs, 'totalMs', INT)
  count(capture.atMs, 'atMs')
  words(capture.callId, 'callId')
  words(capture.endpointId, 'endpointId')
  words(capture.providerId, 'providerId')
  words(capture.finishReason, 'finishReason')
}

/** @throws RangeError naming the field. */
export function checkAttempt(attempt: Attempt): void {
  amount(attempt.estimatedCostPicoUsd, 'estimatedCostPicoUsd')
  count(attempt.number, 'number', INT)
  count(attempt.atMs, 'atMs')
}
