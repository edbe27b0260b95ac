import type { CallDependencies } from '../call/dependencies.ts'
import { createTurns } from '../call/serve/turns.ts'
import { openAddressWindow } from '../http/request/address-window.ts'
import { ownOrigin } from '../http/request/own-origin.ts'
import type { HttpDependencies } from '../http/dependencies.ts'
import { LIMITS } from '../lib/limits.ts'
import { ACCOUNTS, tokenLedger } from '../ledger/accounts.ts'
import type { TrialBalanceRow } from '../ledger/trial-balance.ts'
import { createSignatureCheck } from '../payment/signing/signature.ts'
import type { SettlementDependencies } from '../settlement/dependencies.ts'
import { fundingOf } from '../settlement/funding-of.ts'
import { createApprovalSponsor } from '../settlement/sponsored/sponsor-approval.ts'
import { createPermitSponsor } from '../settlement/sponsored/sponsor-permit.ts'
import { fund } from '../settlement/fund.ts'
import type { Storage } from '../storage/open-storage.ts'
import { type createLog, logCall, logError } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { administration } from './administration.ts'
import { checkReadiness } from './check-readiness.ts'
import { clock } from './clock.ts'
import type { Chains } from './chains/open-chains.ts'
import type { AppOptions } from './options/options.ts'
import { rememberFor } from './remember-for.ts'
import { signInEdge } from './sign-in.ts'
import type { Settling } from './watch/start-settling.ts'
import type { Books } from './watch/watch-books.ts'
import type { Feedback } from './watch/watch-feedback.ts'
import type { UsageFindings } from './watch/watch-usage.ts'
import type { Webhooks } from './watch/watch-webhooks.ts'

/** Anybody may ask whether we are ready, and every answer costs a question to each chain. */
const READINESS_MS = 1_000

type Parts = {
  readonly options: AppOptions
  readonly storage: Storage
  readonly chains: Chains
  readonly upstreams: CallDependencies['upstreams']
  readonly health: CallDependencies['health']
  readonly settlement: SettlementDependencies
  readonly settling: Settling
  readonly books: Books
  readonly usage: UsageFindings
  readonly feedback: Feedback
  readonly governed: CallDependencies['governed']
  readonly webhooks: Webhooks
  readonly quality: NonNullable<CallDependencies['quality']>
  readonly withheldOf: CallDependencies['withheldOf']
  readonly metrics: Metrics
  readonly log: ReturnType<typeof createLog>
}

/** What the HTTP edge is given: the story of a call, and finished values out for log and metrics. */
export function httpDependencies(parts: Parts): HttpDependencies {
  const { options, storage, chains, settlement, usage, feedback, webhooks, metrics, log } = parts
  const governing = administration({ options, storage, webhooks, authenticate: parts.governed.authenticate })
  return {
    call: callDependencies(parts),
    settlement,
    payers: storage.payers,
    organizations: storage.organizations,
    freeCalls: openAddressWindow({ limit: options.freeCallsPerMinute, nowMs: clock.nowMs }),
    unpaid: openAddressWindow({ limit: options.unpaidPerMinute, nowMs: clock.nowMs }),
    feedback: openAddressWindow({ limit: LIMITS.feedbackPerMinute, nowMs: clock.nowMs }),
    words: storage.feedback,
    trustedProxies: options.trustedProxies,
    receiptKey: options.keys.receiverAuthorizer,
    publicUrl: (request) =>
      options.publicUrl ?? `${request.protocol}://${request.headers.host ?? 'localhost'}`,
    ownOrigin: (request) => ownOrigin({ request, publicUrl: options.publicUrl }),
    onRecorded: (call) => {
      metrics.countCall(call)
      logCall({ log, call })
    },
    onDelivered: (ended) => {
      usage.take(ended)
      feedback.take(ended)
    },
    onError: ({ error, requestId, path }) =>
      logError({ log, error, fields: { request_id: requestId, path } }),
    checkReadiness: rememberFor({
      durationMs: READINESS_MS,
      read: () => checkReadiness({ ping: storage.ping, chains: chains.all }),
    }),
    readMetrics: metrics.read,
    ...(webhooks.keys ? { webhookKeys: webhooks.keys } : {}),
    ...(options.adminToken === undefined ? {} : { adminToken: options.adminToken }),
    admin: adminReads(parts),
    administration: governing,
    signIn: signInEdge({ options, storage, logins: governing.logins }),
  }
}

function callDependencies({
  options,
  storage,
  chains,
  upstreams,
  health,
  settlement,
  settling,
  feedback,
  governed,
  quality,
  withheldOf,
}: Parts): CallDependencies {
  const { catalog, terms, marginBps, defaultOutputTokens, secret } = options
  return {
    catalog,
    terms,
    withheldOf,
    marginBps,
    defaultOutputTokens,
    secret,
    signatures: createSignatureCheck(),
    store: storage.calls,
    upstreams,
    health,
    quality,
    sites: feedback.sites,
    mirrorOf: (network) => chains.find(network)?.mirror,
    fund: (payment, funding) => fund({ payment, ...funding, dependencies: settlement }),
    ...(options.sponsoredPermitsPerDay
      ? {
          sponsorPermit: createPermitSponsor({
            perDay: options.sponsoredPermitsPerDay,
            dependencies: settlement,
          }),
        }
      : {}),
    ...(options.sponsoredApprovalsPerDay
      ? {
          sponsorApproval: createApprovalSponsor({
            perDay: options.sponsoredApprovalsPerDay,
            store: storage.approvals,
            approvalsOf: (network) => chains.of(network).approvals,
            dependencies: settlement,
          }),
        }
      : {}),
    isFundingKnown: (payment) => storage.approvals.isFundingKnown(fundingOf({ payment, id: '' }).key),
    getCredit: ({ asset: { network, address }, payer }) =>
      storage.balances.getAvailable({
        ledger: tokenLedger({ network, asset: address }),
        account: ACCOUNTS.credit(payer),
      }),
    wake: settling.wake,
    isStorageAway: storage.isAway,
    turns: createTurns({ sleep: clock.sleep }),
    governed,
    clock,
    reach: settlement.reach,
  }
}

function adminReads({ storage, settling, books, usage }: Parts): HttpDependencies['admin'] {
  return {
    getTrialBalance: async () => ({ accounts: (await storage.ledger.trialBalance()).map(balanceForWire) }),
    checkLedger: async () => {
      const checks = await books.check()
      return { ok: checks.every(({ ok }) => ok), checks }
    },
    reconcile: books.reconcile,
    settleNow: () => settling.settleNow({ everything: true }),
    listFindings: async (page) => {
      await usage.flush()
      return storage.findings.listFindings(page)
    },
    closeFinding: async ({ id, reason }) => {
      const atMs = clock.nowMs()
      const isClosed = await storage.findings.closeFinding({ id, by: 'operator', reason, atMs })
      const finding = await storage.findings.getFinding(id)
      if (!finding) return 'unknown'
      return isClosed ? finding : 'closed'
    },
  }
}

const balanceForWire = ({ ledger, account, debits, credits, balance }: TrialBalanceRow) => ({
  ledger,
  account,
  debits: debits.toString(),
  credits: credits.toString(),
  balance: balance.toString(),
})
