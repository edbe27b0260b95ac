import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clock } from '../../src/app/clock.ts'
import { watchRules } from '../../src/app/watch/watch-rules.ts'
import type { WalletGate } from '../../src/call/caller/screening.ts'
import type { GovernedResources } from '../../src/call/admin-ports.ts'
import type { AlertEvent } from '../../src/governance/alerts/events.ts'
import { BUDGET_DEFAULTS } from '../../src/governance/budgets/types.ts'
import type { Place } from '../../src/governance/hierarchy/attribution.ts'
import { LEVEL_NAMES, rootUnit } from '../../src/governance/hierarchy/types.ts'
import { newKeyText } from '../../src/governance/keys/api-key.ts'
import { hashSecret } from '../../src/governance/keys/hash-secret.ts'
import { LIMITS } from '../../src/lib/limits.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { fillLedgerFolder } from './ledger-folder.ts'
import { commitOf, OPERATOR } from './governed.ts'
import { type RoutedOptions, startRoutedStack } from './routed-stack.ts'

/** What these tests read of an answer. */
export type Told = {
  readonly error: {
    readonly code: string
    readonly call_id: string
    readonly ceiling_usd: string
    readonly metadata: {
      readonly binding: Readonly<Record<'scope' | 'id' | 'resets_at', string>>
      readonly needed: string
      readonly available: string
      readonly cap: string
      readonly from: readonly unknown[]
    }
  }
  readonly turnpike: {
    readonly call_id: string
    readonly charge: string
    readonly ceiling: string
    readonly output_cap: number
  }
  readonly usage: {
    readonly cost: number
    readonly prompt_tokens: number
    readonly completion_tokens: number
  }
}

export type Answer = { readonly status: number; readonly headers: Headers; readonly json: Told }

export const codeOf = ({ status, json }: Answer): string => `${status} ${json.error.code}`

const PEPPER = 'the pepper of a governed stack'

type Rows = {
  readonly [Resource in keyof GovernedResources]?: readonly Partial<GovernedResources[Resource]>[]
}

/** An organisation as a test wants it: a team with a program that has a key, and what hangs on `place`. */
export type Wanted = {
  readonly balancePicoUsd?: bigint
  readonly role?: string
  readonly keyScopes?: GovernedResources['keys']['scopes']
  readonly keyKind?: GovernedResources['keys']['kind']
  readonly rows?: (places: Places) => Pick<Rows, 'budgets' | 'policies' | 'rates'>
}

type Places = Readonly<Record<'organization' | 'unit' | 'principal' | 'key', Place>>

/**
 * The path of a paid call with everything that binds callers, over a real store: embedded unless an address of a Postgres is given. Without
 * a chain, as {@link startRoutedStack}: organisations pay from their balances, wallets from their credit.
 */
export async function startGovernedStack({
  databaseUrl,
  walletGate,
  ...options
}: RoutedOptions & { readonly databaseUrl?: string; readonly walletGate?: WalletGate }) {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-governed-'))
  const dataDirectory = join(folder, 'ledger')
  if (databaseUrl === undefined) await fillLedgerFolder(dataDirectory)
  const storage = await openStorage({
    ...(databaseUrl === undefined ? { dataDirectory } : { databaseUrl }),
    instanceId: randomUUID(),
    region: 'local',
  })
  const apiKeys = { peppers: new Map([[1, PEPPER]]), pepperVersion: 1, isTest: true }
  // As the product does: what this process has under way is its own while it lives.
  const heartbeat = setInterval(() => void storage.instances.heartbeat(), LIMITS.leaseMs / 3)
  const alerts: AlertEvent[] = []
  const rules = watchRules({
    options: { apiKeys, ...(walletGate ? { walletGate } : {}) },
    storage,
    alerts: { note: (event) => void alerts.push(event) },
    log: createLog({ level: 'fatal' }),
  })
  const stack = await startRoutedStack({ ...options, storage, governed: rules.governed })

  async function createOrganization({
    balancePicoUsd = 10n ** 15n,
    role = 'developer',
    keyScopes = null,
    keyKind = 'inference',
    rows,
  }: Wanted = {}) {
    const organizationId = `org-${randomUUID()}`
    const atMs = clock.nowMs()
    const { id, secret, text } = newKeyText({ isTest: true, random: randomBytes(40) })
    const owned = { organizationId, version: 1 }
    const organization = {
      id: organizationId,
      name: 'Acme',
      levelNames: LEVEL_NAMES,
      timeZone: 'UTC',
      version: 1,
    }
    const unitId = randomUUID()
    const principalId = randomUUID()
    const places: Places = {
      organization: { level: 'organization', id: organizationId },
      unit: { level: 'unit', id: unitId },
      principal: { level: 'principal', id: principalId },
      key: { level: 'key', id },
    }
    const setBy = { unitPath: [organizationId], reach: 'subtree' } as const
    const { budgets = [], policies = [], rates = [] } = rows?.(places) ?? {}
    const hung = { ...owned, setBy, place: places.key }
    const values: { readonly [Resource in keyof GovernedResources]?: readonly unknown[] } = {
      organizations: [organization],
      units: [
        rootUnit({ organization }),
        { ...owned, id: unitId, name: 'Team', path: [organizationId, unitId] },
      ],
      principals: [{ ...owned, id: principalId, unitId, kind: 'service', name: 'Agent' }],
      grants: [{ ...owned, id: randomUUID(), principalId, unitId, role }],
      keys: [
        {
          ...owned,
          id,
          principalId,
          name: 'key',
          kind: keyKind,
          isTest: true,
          secretHash: hashSecret({ secret, pepper: PEPPER }),
          pepperVersion: 1,
          scopes: keyScopes,
          createdAtMs: atMs,
        },
      ],
      budgets: budgets.map((row) => ({
        ...BUDGET_DEFAULTS,
        id: randomUUID(),
        ...hung,
        window: 'total',
        limit: 0n,
        ...row,
      })),
      policies: policies.map((row) => ({ id: randomUUID(), ...hung, rules: {}, ...row })),
      rates: rates.map((row) => ({ id: randomUUID(), ...hung, metric: 'requests', limit: 0, ...row })),
    }
    const changes = Object.entries(values).flatMap(([resource, rowsOf]) =>
      rowsOf.map((value) => ({ resource, value, expectedVersion: 0 })),
    )
    await storage.governance.commit(commitOf({ organizationId, changes: changes as never, atMs }))
    if (balancePicoUsd > 0n)
      await storage.organizations.topUp({
        organizationId,
        amountPicoUsd: balancePicoUsd,
        idempotencyKey: randomUUID(),
        actor: OPERATOR,
        via: 'api',
        requestId: null,
        addressDigest: null,
        atMs,
      })
    return { organizationId, unitId, principalId, keyId: id, key: text, places }
  }

  /** Another program of the same team, with a key of its own. */
  async function addKey({
    organizationId,
    unitId,
  }: {
    organizationId: string
    unitId: string
  }): Promise<string> {
    const { id, secret, text } = newKeyText({ isTest: true, random: randomBytes(40) })
    const owned = { organizationId, version: 1 }
    const principalId = randomUUID()
    const values = {
      principals: { ...owned, id: principalId, unitId, kind: 'service', name: `Agent ${id}` },
      grants: { ...owned, id: randomUUID(), principalId, unitId, role: 'developer' },
      keys: {
        ...owned,
        id,
        principalId,
        name: 'key',
        kind: 'inference',
        isTest: true,
        secretHash: hashSecret({ secret, pepper: PEPPER }),
        pepperVersion: 1,
        scopes: null,
        createdAtMs: clock.nowMs(),
      },
    }
    const changes = Object.entries(values).map(([resource, value]) => ({
      resource,
      value,
      expectedVersion: 0,
    }))
    await storage.governance.commit(commitOf({ organizationId, changes: changes as never }))
    return text
  }

  return {
    ...stack,
    storage,
    addKey,
    /** What whoever sets rules is told. */
    alerts,
    rules: rules.governed.rules,
    createOrganization,
    /** One call with a key. */
    ask: async ({
      key,
      body,
      headers = {},
    }: {
      key?: string
      body: object
      headers?: Record<string, string>
    }) => {
      const answer = await fetch(stack.chatUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...headers,
        },
        body: JSON.stringify({ messages: [{ role: 'user', content: 'Say something.' }], ...body }),
      })
      return {
        status: answer.status,
        headers: answer.headers,
        json: (await answer.json()) as Told,
      }
    },
    async close() {
      clearInterval(heartbeat)
      await rules.close()
      await stack.close()
      await storage.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type GovernedStack = Awaited<ReturnType<typeof startGovernedStack>>
