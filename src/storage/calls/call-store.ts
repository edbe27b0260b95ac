import type { CallStore } from '../../call/ports.ts'
import { paidToken } from '../../call/admit/paid-token.ts'
import type { Admission, AdmitOutcome, Captured, Capture } from '../../call/types.ts'
import { ACCOUNTS, REQUESTS_LEDGER, TOKENS_LEDGER, USD_LEDGER } from '../../ledger/accounts.ts'
import { LIMITS } from '../../lib/limits.ts'
import type { AccountIds } from '../books/account-ids.ts'
import { admitExactly, readScopes } from './admit-exactly.ts'
import { findByIdempotencyKey, selectCalls } from './call-records.ts'
import { channelStateOf } from '../books/channel-row.ts'
import { checkAdmission, checkAttempt, checkCapture } from '../books/check-values.ts'
import type { Database, Row } from '../database/database.ts'
import { admitGroup } from '../hot/admit-group.ts'
import { captureGroup, type CaptureResult } from '../hot/capture-group.ts'
import { openLane } from '../hot/lane.ts'
import { judgeBudgets } from '../governed/judge-budgets.ts'
import { openBudgetWindow } from '../governed/open-budget-window.ts'
import { openRun } from '../governed/open-run.ts'
import type { Scope, ScopedAdmission } from '../hot/scoped-admission.ts'
import { openChannel } from '../books/open-channel.ts'
import type { OpenCalls } from './open-calls.ts'
import { withPatience } from '../database/patience.ts'
import { big } from '../database/row.ts'
import { openStatistics } from '../database/statistics.ts'

/** What a ledger counts that is no money. */
const COUNTS: Readonly<Record<string, Scope['counts']>> = {
  [TOKENS_LEDGER]: 'tokens',
  [REQUESTS_LEDGER]: 'requests',
}

/** A hold with its account's id. */
function scopeOf({
  admission,
  hold: { ledger, account, amount, budget },
  accountId,
}: {
  admission: Admission
  hold: Admission['holds'][number]
  accountId: bigint
}): Scope {
  const isOfChannel = admission.channel !== undefined && account === ACCOUNTS.channel(admission.channel.id)
  const channel = isOfChannel ? admission.channel : undefined
  const counts = COUNTS[ledger]
  const isExposure = account.startsWith('receivable:') && admission.exposureLimitAtomic !== undefined
  return {
    accountId,
    account,
    amount,
    isUsd: ledger === USD_LEDGER,
    isChannel: channel !== undefined,
    ...(counts ? { counts } : {}),
    ...(budget ? { budget } : {}),
    ...(channel ? { unclaimedLimit: channel.unclaimedLimitAtomic } : {}),
    ...(isExposure ? { exposureLimit: admission.exposureLimitAtomic } : {}),
  }
}

/** A channel's first deposit takes the turn on its row, so the row is there before the deposit is. */
async function openFirst({
  database,
  admission,
  account,
}: {
  database: Database
  admission: Admission
  account: string
}): Promise<bigint | undefined> {
  const { channel, atMs } = admission
  const token = paidToken(admission)
  if (!token || channel?.depositAtomic === undefined || account !== ACCOUNTS.channel(channel.id))
    return undefined
  const { id, config } = channel
  return database.transaction((sql) => openChannel({ sql, id, network: token.network, config, atMs }))
}

/** A budget's window opens with the first call in it. */
async function openWindow({
  database,
  hold: { ledger, account, budget },
  atMs,
}: {
  database: Database
  hold: Admission['holds'][number]
  atMs: number
}): Promise<bigint | undefined> {
  if (!budget) return undefined
  return database.transaction((sql) => openBudgetWindow({ sql, ledger, account, terms: budget, atMs }))
}

type Found = {
  readonly scopes: readonly Scope[]
  /** An account that does not exist: nothing was ever paid into it, so it carries no hold. */
  readonly missing?: string
}

async function findScopes({
  database,
  accountIds,
  admission,
}: {
  database: Database
  accountIds: AccountIds
  admission: Admission
}): Promise<Found> {
  const scopes: Scope[] = []
  let missing: string | undefined
  for (const hold of admission.holds) {
    const accountId =
      accountIds.peek(hold) ??
      (await accountIds.find(hold)) ??
      (await openFirst({ database, admission, account: hold.account })) ??
      (await openWindow({ database, hold, atMs: admission.atMs }))
    if (accountId === undefined) missing ??= hold.account
    else scopes.push(scopeOf({ admission, hold, accountId }))
  }
  return { scopes, ...(missing === undefined ? {} : { missing }) }
}

/** The payment's account is not there; still, whom a budget refuses is not asked to pay into it. */
async function refuseMissing({
  database,
  admission,
  scopes,
  missing,
}: {
  database: Database
  admission: Admission
  scopes: readonly Scope[]
  missing: string
}): Promise<AdmitOutcome> {
  const budgets = scopes.filter(({ budget }) => budget)
  if (budgets.length > 0) {
    const rows = await readScopes({ sql: database, scopes: budgets })
    const verdict = judgeBudgets({ scopes: budgets, rows })
    if (verdict.kind === 'over_budget') return verdict
  }
  return admission.channel && missing === ACCOUNTS.channel(admission.channel.id)
    ? { kind: 'unknown_channel' }
    : { kind: 'refused', account: missing, availableAtomic: 0n }
}

const channelOfResult = ({ channelRow }: { channelRow?: Row }) =>
  channelRow === undefined
    ? {}
    : { channel: { ...channelStateOf(channelRow), chargedAtomic: big(channelRow['channel_charged']) } }

/**
 * The durable side of a call: W1 and W3 through the group lanes, everything else by plain queries.
 *
 * @param instance the id of this process; its lease tells others when its calls are abandoned.
 */
export function openCallStore({
  database,
  accountIds,
  openCalls,
  instance,
}: {
  database: Database
  accountIds: AccountIds
  openCalls: OpenCalls
  instance: string
}): CallStore {
  const statistics = openStatistics({ database })
  const enterAdmission = openLane({
    limit: LIMITS.groupSize,
    run: (items: readonly ScopedAdmission[]) => {
      statistics.count(items.length)
      return admitGroup({ database, items })
    },
  })
  const enterCapture = openLane({
    limit: LIMITS.groupSize,
    run: (items: readonly Capture[]) => {
      const hasBudgets = !items.every(({ callId }) => openCalls.isWithoutBudgets(callId))
      return captureGroup({ database, items, hasBudgets })
    },
  })
  /** Captures under way, by call: a group must not hold one call twice. */
  const capturing = new Map<string, Promise<CaptureResult>>()

  const getCall = async (callId: string) => {
    const [call] = await selectCalls({ sql: database, where: 'call_id = $1', values: [callId] })
    return call
  }

  const getChannel: CallStore['getChannel'] = async ({ network, channelId }) => {
    const [row] = await database.query(
      `select b.* from channels c join balances b on b.account_id = c.account_id where c.id = $1 and c.network = $2`,
      [channelId, network],
    )
    return row && channelStateOf(row)
  }

  async function admitScoped(item: ScopedAdmission): Promise<AdmitOutcome> {
    const { isAdmitted, exceeded } = await enterAdmission(item)
    if (!isAdmitted) return withPatience(() => admitExactly({ database, item }))
    return exceeded.length > 0 ? { kind: 'admitted', exceeded } : { kind: 'admitted' }
  }

  async function admit(admission: Admission): Promise<AdmitOutcome> {
    checkAdmission(admission)
    const openedOtherwise = await openRun({ database, admission })
    if (openedOtherwise) return openedOtherwise
    const { scopes, missing } = await findScopes({ database, accountIds, admission })
    if (missing !== undefined) return refuseMissing({ database, admission, scopes, missing })
    openCalls.add(admission)
    const outcome = await admitScoped({ admission, scopes, instance })
    if (outcome.kind !== 'admitted') openCalls.remove(admission.callId)
    return outcome
  }

  /** The capture that is there already, with the channel as it is now. */
  async function storedCapture(callId: string): Promise<Captured> {
    const call = await getCall(callId)
    if (!call) throw new RangeError(`There is no call ${callId} to capture.`)
    if (!call.capture) throw new Error(`The capture of call ${callId} was not stored.`)
    const token = paidToken(call.admission)
    if (!token || call.channelId === undefined) return { capture: call.capture }
    const channel = await getChannel({ network: token.network, channelId: call.channelId })
    return { capture: call.capture, ...(channel ? { channel } : {}) }
  }

  /** Enters the lane alone among the captures of this call: the next one finds what the first has stored. */
  async function captureAlone(request: Capture): Promise<CaptureResult> {
    const { callId } = request
    for (let earlier = capturing.get(callId); earlier; earlier = capturing.get(callId)) {
      await earlier.catch(() => {})
    }
    const entering = enterCapture(request).finally(() => capturing.delete(callId))
    capturing.set(callId, entering)
    return entering
  }

  async function capture(request: Capture): Promise<Captured> {
    checkCapture(request)
    const result = await captureAlone(request)
    openCalls.remove(request.callId)
    if (result.kind === 'not_captured') return storedCapture(request.callId)
    const { chargeAtomic, chargePicoUsd } = result
    return { capture: { ...request, chargeAtomic, chargePicoUsd }, ...channelOfResult(result) }
  }

  return {
    admit,
    capture,
    getCall,
    getChannel,
    endTurn: async ({ network, channelId, quoteNonce }) => {
      await database.query(
        `update balances b set turn_payer = null from channels c
         where c.id = $1 and c.network = $2 and b.account_id = c.account_id and $3 = any(b.turn_quotes)`,
        [channelId, network, quoteNonce],
      )
    },
    appendAttempt: async (attempt) => {
      checkAttempt(attempt)
      await database.query(
        `insert into attempts (call_id, number, endpoint, provider, region, instance, at_ms, estimated_cost)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
        [
          attempt.callId,
          attempt.number,
          attempt.endpointId,
          attempt.providerId,
          attempt.region,
          instance,
          attempt.atMs,
          attempt.estimatedCostPicoUsd.toString(),
        ],
      )
    },
    findCall: async (query) => {
      if ('idempotencyKey' in query) return findByIdempotencyKey({ sql: database, key: query.idempotencyKey })
      const { payerId, requestHash, sinceMs } = query
      // A call ends within its time, so one that ended after `sinceMs` was admitted at most that long before.
      const [call] = await selectCalls({
        sql: database,
        where: `payer_id = $1 and at_ms >= $3 and request_hash = $2
          and (captured_at_ms is null or (not delivered and captured_at_ms >= $4)) order by at_ms desc limit 1`,
        values: [payerId, requestHash, sinceMs - 2 * LIMITS.callSeconds * 1000, sinceMs],
      })
      return call
    },
    listAbandoned: ({ nowMs, limit }) =>
      selectCalls({
        sql: database,
        where: `call_id in (
            select a.call_id from instances i join admissions a on a.instance = i.id and a.at_ms >= i.open_since_ms
            where i.lease_expires_at_ms < $1
              and not exists (select 1 from captures c where c.call_id = a.call_id)
            order by a.at_ms limit $2)`,
        values: [nowMs, limit],
      }),
  }
}
