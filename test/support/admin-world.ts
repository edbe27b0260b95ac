import { createHmac, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { checkpointSigner } from '../../src/app/checkpoint-signer.ts'
import { allRoutes } from '../../src/http/admin/all-routes.ts'
import { governedRoutes } from '../../src/http/admin/governed-routes.ts'
import { ownOrigin } from '../../src/http/request/own-origin.ts'
import type { HttpDependencies } from '../../src/http/dependencies.ts'
import { errorHandler, withRequestId } from '../../src/http/error-handler.ts'
import { TurnpikeError } from '../../src/lib/errors/turnpike-error.ts'
import { createSeal } from '../../src/webhooks/seal.ts'
import { createSubscriptions } from '../../src/webhooks/subscriptions.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { authenticateBy } from './key-rules.ts'
import { createLogins } from '../../src/call/credentials/logins.ts'
import { createPasswords } from '../../src/call/credentials/passwords.ts'
import { openAddressWindow } from '../../src/http/request/address-window.ts'
import type { SignInEdge } from '../../src/http/sessions/edge.ts'
import { fillLedgerFolder } from './ledger-folder.ts'

export const ADMIN_TOKEN = 'operator-token-of-these-tests-0123456789'
const PEPPER = 'pepper of these tests, long enough for anybody'

type Json = Record<string, unknown>
export type Asked = {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
export type Answered = {
  readonly status: number
  readonly body: Json
  readonly headers: Headers
  readonly text: string
}

/** The routes of administration over a real database, without the rest of a server. */
export async function openAdminWorld({
  nowMs = Date.now,
  call = {},
}: {
  nowMs?: () => number
  /** What of paid calls a test needs; with it the server knows its own name. */
  call?: Partial<HttpDependencies['call']>
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-admin-'))
  const dataDirectory = join(folder, 'ledger')
  await fillLedgerFolder(dataDirectory)
  const storage = await openStorage({ dataDirectory, instanceId: randomUUID(), region: 'local' })
  const { privateKey } = generateKeyPairSync('ed25519')
  const errors: unknown[] = []
  const clock = { nowMs, random: (byteCount: number) => randomBytes(byteCount) }
  const passwords = createPasswords({ random: clock.random, cost: { log2N: 8, r: 8, p: 1 } })
  const logins = createLogins({ peppers: new Map([[1, PEPPER]]), passwords })
  const signIn: SignInEdge = {
    members: {
      store: storage.governance,
      rules: storage.rules,
      sessions: storage.sessions,
      logins,
      clock,
    },
    origins: [],
    addressTries: openAddressWindow({ limit: 10_000, nowMs }),
    loginTries: openAddressWindow({ limit: 10_000, nowMs }),
  }
  const dependencies = {
    adminToken: ADMIN_TOKEN,
    publicUrl: () => 'http://127.0.0.1',
    ownOrigin: (request: Parameters<HttpDependencies['ownOrigin']>[0]) =>
      Object.keys(call).length > 0 ? ownOrigin({ request, publicUrl: undefined }) : undefined,
    onError: ({ error }: { error: unknown }) => errors.push(error),
    call: { clock, ...call },
    signIn,
    administration: {
      store: storage.governance,
      budgets: storage.budgets,
      clock,
      logins,
      keys: { pepper: PEPPER, pepperVersion: 1, isTest: true },
      digest: (text: string) => createHmac('sha256', PEPPER).update(text).digest('base64url'),
      // Addresses are not looked up here: names of other people's hosts would be asked for.
      subscriptions: {
        ...createSubscriptions({
          store: storage.outbox,
          seal: createSeal({ serverSecret: PEPPER }),
          isDev: true,
          resolve: () => Promise.reject(new Error('Nobody resolves names here.')),
          nowMs: Date.now,
          wake: () => undefined,
        }),
        checkUrl: () => Promise.resolve(),
      },
      checkpoints: checkpointSigner({
        privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
      }),
      money: {
        getBalance: () =>
          Promise.resolve({ availablePicoUsd: 5n * 10n ** 12n, heldPicoUsd: 0n, spentPicoUsd: 0n }),
      },
      topUp: () => Promise.resolve(),
      authenticate: authenticateBy({ store: storage.governance, pepper: PEPPER }),
    },
  } as unknown as HttpDependencies
  const app = express()
  app.use(withRequestId(dependencies))
  app.use('/admin/v1', governedRoutes(dependencies))
  app.use(() => {
    throw new TurnpikeError('not_found')
  })
  app.use(errorHandler(dependencies))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/v1`

  async function ask(
    method: string,
    path: string,
    { token = ADMIN_TOKEN, body, headers = {} }: Asked = {},
  ): Promise<Answered> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? (JSON.parse(text) as Json) : {},
    }
  }

  /** Something that has to work. */
  async function make(path: string, body: unknown, token?: string): Promise<Json & { id: string }> {
    const answer = await ask('POST', path, { body, token })
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`)
    return answer.body as Json & { id: string }
  }

  return {
    url,
    storage,
    signIn,
    errors,
    routes: allRoutes(dependencies),
    ask,
    make,
    /** A member with a role and a management key, as its owner would have it. */
    async member(given: { unitId: string; role?: string; at?: string; kind?: string; scopes?: string[] }) {
      const { unitId, role, at = unitId, kind = 'management', scopes } = given
      const principal = await make('/principals', { unit_id: unitId, kind: 'user', name: 'somebody' })
      if (role !== undefined) await make('/grants', { principal_id: principal.id, unit_id: at, role })
      const key = await make('/keys', {
        principal_id: principal.id,
        name: 'key',
        kind,
        ...(scopes ? { scopes } : {}),
      })
      return { id: principal.id, keyId: key.id, token: String(key['key']) }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await storage.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type AdminWorld = Awaited<ReturnType<typeof openAdminWorld>>

/** The code of a refusal. */
export const codeOf = ({ body }: Answered): unknown => (body['error'] as Json | undefined)?.['code']
export const paramOf = ({ body }: Answered): unknown => (body['error'] as Json | undefined)?.['param']
