import type { FeedbackStore } from '../call/feedback-ports.ts'
import type { AdminStore } from '../call/admin-ports.ts'
import type { BudgetStore } from '../call/budget-ports.ts'
import type { OrganizationStore } from '../call/organization-ports.ts'
import type { OutboxStore } from '../call/outbox-ports.ts'
import type { CallStore, HealthStore } from '../call/ports.ts'
import type { RateStore, RulesStore } from '../call/rules-ports.ts'
import type { SessionStore } from '../call/session-ports.ts'
import type { BalanceStore, DueStore, LaneStore, SettlementStore } from '../settlement/ports.ts'
import { openAccountIds } from './books/account-ids.ts'
import type { ApprovalStore } from '../settlement/sponsored/approval-ports.ts'
import { openApprovalStore } from './settling/approval-store.ts'
import { openAdminQueries } from './admin-queries.ts'
import { openAdminStore } from './admin/admin-store.ts'
import { openBalanceStore } from './books/balance-store.ts'
import { openBudgetStore } from './governed/budget-store.ts'
import { openCallStore } from './calls/call-store.ts'
import type { Database } from './database/database.ts'
import { openDueStore } from './settling/due-store.ts'
import { openFeedbackStore } from './feedback-store.ts'
import { openHealthStore } from './health-store.ts'
import { registerInstance, renewLease } from './calls/instances.ts'
import { openLedgerQueries } from './books/ledger-queries.ts'
import { openLaneStore } from './settling/lane-store.ts'
import { migrateEmbedded, migrateServer } from './migrate.ts'
import { takeLease } from './database/lease.ts'
import { openOpenCalls } from './calls/open-calls.ts'
import { openOrganizationStore } from './governed/organization-store.ts'
import { openOutboxStore } from './webhooks/outbox-store.ts'
import { openPayerQueries } from './payer-queries.ts'
import { openPglite } from './database/pglite.ts'
import { openPostgres } from './database/postgres.ts'
import { openFindingStore } from './reconcile/findings-store.ts'
import { openRateStore } from './governed/rate-store.ts'
import { openReconcileStore } from './reconcile/reconcile-store.ts'
import { openRulesStore } from './governed/rules-store.ts'
import { openSessionStore } from './session-store.ts'
import { openSettlementStore } from './settling/settlement-store.ts'

export type Storage = {
  readonly kind: 'postgres' | 'pglite'
  readonly calls: CallStore
  readonly settlement: SettlementStore
  readonly due: DueStore
  readonly balances: BalanceStore
  readonly lanes: LaneStore
  readonly approvals: ApprovalStore
  readonly ledger: ReturnType<typeof openLedgerQueries>
  readonly admin: ReturnType<typeof openAdminQueries>
  readonly payers: ReturnType<typeof openPayerQueries>
  readonly reconcile: ReturnType<typeof openReconcileStore>
  readonly findings: ReturnType<typeof openFindingStore>
  readonly feedback: FeedbackStore
  readonly health: HealthStore
  readonly governance: AdminStore
  readonly budgets: BudgetStore
  readonly rules: RulesStore
  readonly sessions: SessionStore
  readonly organizations: OrganizationStore
  readonly rates: RateStore
  readonly outbox: OutboxStore
  /** One owner at a time; false where another process has it. Embedded: always true, the folder's lock is the lease. */
  readonly takeLease: (name: string) => Promise<boolean>
  readonly instances: {
    /** Renews this process's lease; to be called at a third of LIMITS.leaseMs. */
    readonly heartbeat: () => Promise<void>
    /** Calls of this process that are admitted and not captured yet. */
    readonly openCallCount: () => number
  }
  /** Facts about the ledger as a whole: JSON values by key. */
  readonly meta: {
    readonly get: (key: string) => Promise<unknown>
    readonly set: (key: string, value: unknown) => Promise<void>
  }
  /** True while calls cannot be recorded: nobody is asked to pay, and nothing is served. */
  readonly isAway: () => boolean
  /** Rejects where the database does not answer. */
  readonly ping: () => Promise<void>
  readonly close: () => Promise<void>
}

type Instance = {
  readonly instanceId: string
  readonly region: string
  readonly nowMs?: () => number
}

type Place = { readonly databaseUrl?: string; readonly dataDirectory?: string }

async function openDatabase({
  databaseUrl,
  dataDirectory,
  onProgress,
}: Place & { onProgress: (message: string) => void }): Promise<Database> {
  if (databaseUrl !== undefined) {
    onProgress('Bringing the database up to date')
    await migrateServer({ databaseUrl })
    return openPostgres({ databaseUrl })
  }
  onProgress('Opening the embedded database')
  const { database, client } = await openPglite(dataDirectory === undefined ? {} : { dataDirectory })
  try {
    await migrateEmbedded({ client })
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

const openMeta = (database: Database): Storage['meta'] => ({
  get: async (key) => {
    const [row] = await database.query('select value from meta where key = $1', [key])
    return row?.['value']
  },
  set: async (key, value) => {
    await database.query(
      'insert into meta (key, value) values ($1, $2::jsonb) on conflict (key) do update set value = excluded.value',
      [key, JSON.stringify(value)],
    )
  },
})

/**
 * Opens the ledger: a Postgres server with `databaseUrl`, an embedded PGlite in `dataDirectory`, or one in memory. The
 * schema is brought up to date first.
 *
 * @param instanceId names this start of this process; never used twice.
 * @example
 * const storage = await openStorage({ dataDirectory: '.turnpike/data', instanceId: randomUUID(), region: 'local' })
 */
export async function openStorage({
  onProgress = () => {},
  databaseUrl,
  dataDirectory,
  ...instance
}: Place & Instance & { onProgress?: (message: string) => void }): Promise<Storage> {
  const place = { ...(databaseUrl && { databaseUrl }), ...(dataDirectory && { dataDirectory }) }
  const database = await openDatabase({ ...place, onProgress })
  try {
    return await openStorageOn({ database, ...instance })
  } catch (error) {
    await database.close()
    throw error
  }
}

/** The same on a database that is open already and has its tables. Closing the one closes the other. */
export async function openStorageOn({
  database,
  instanceId,
  region,
  nowMs = Date.now,
}: Instance & { database: Database }): Promise<Storage> {
  const openCalls = openOpenCalls()
  await registerInstance({ sql: database, id: instanceId, region, nowMs: nowMs() })
  const meta = openMeta(database)
  const accountIds = openAccountIds({ sql: database })
  return {
    kind: database.kind,
    calls: openCallStore({ database, accountIds, openCalls, instance: instanceId }),
    settlement: openSettlementStore({ database, nowMs }),
    due: openDueStore({ database }),
    approvals: openApprovalStore({ database }),
    balances: openBalanceStore({ database }),
    lanes: openLaneStore({ database }),
    ledger: openLedgerQueries({ database, nowMs }),
    admin: openAdminQueries({ database }),
    payers: openPayerQueries({ database }),
    reconcile: openReconcileStore({ database, meta }),
    findings: openFindingStore({ database }),
    feedback: openFeedbackStore({ database }),
    health: openHealthStore({ database }),
    governance: openAdminStore({ database }),
    budgets: openBudgetStore({ database }),
    rules: openRulesStore({ database, nowMs }),
    sessions: openSessionStore({ database }),
    organizations: openOrganizationStore({ database }),
    rates: openRateStore({ database }),
    outbox: openOutboxStore({ database }),
    takeLease: (name) => takeLease({ database, name, owner: instanceId, nowMs: nowMs() }),
    instances: {
      heartbeat: () => {
        const renewed = renewLease({ sql: database, id: instanceId, openCalls, nowMs: nowMs() })
        // An embedded database is busy with one statement at a time, which may be a long one: that is no hang.
        return database.kind === 'pglite' ? renewed : database.health.withinDeadline(renewed)
      },
      openCallCount: openCalls.count,
    },
    meta,
    isAway: database.health.isAway,
    ping: async () => {
      await database.query('select 1')
    },
    close: database.close,
  }
}
