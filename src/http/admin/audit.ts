import { z } from 'zod'
import { entriesOf, logAsked, makeCheckpoint, verifyLog } from '../../call/govern/read-audit.ts'
import { PRIVATE } from '../answer.ts'
import { answerList } from './answer-list.ts'
import { id, pageQuery } from './fields.ts'
import type { AdminRoute, Given } from './route.ts'
import { pageOf } from './serve-route.ts'

const ORGANIZATION = z.strictObject({ organization: id.optional().describe('For the operator: whose log.') })
const FILTERS = {
  actor_id: 'actorId',
  action: 'action',
  target_kind: 'targetKind',
  target_id: 'targetId',
} as const

const organizationOf = ({ desk, query }: Given) => logAsked(desk, query['organization'] as string | undefined)

/**
 * Entries are written with the very members that were hashed: whoever has them can verify them. Only `id`, the sequence as text, is put before,
 * for pages.
 */
export const AUDIT_ROUTES: readonly AdminRoute[] = [
  {
    method: 'get',
    path: '/audit',
    id: 'listAudit',
    summary: 'Who did what to which record, as it was hashed',
    permission: 'audit:read',
    query: pageQuery(Object.keys(FILTERS)).omit({ archived: true }),
    act: {
      kind: 'other',
      answer: async (given) => {
        const { desk, query, request, response } = given
        const tenant = await organizationOf(given)
        const where = Object.fromEntries(
          Object.entries(FILTERS).flatMap(([wire, stored]) => {
            const wanted = query[wire]
            return typeof wanted === 'string' ? [[stored, wanted]] : []
          }),
        )
        const page = await desk.dependencies.store.list({
          resource: 'audit',
          tenant,
          where,
          ...pageOf(query),
        })
        const data = page.items.map((entry) => ({ id: String(entry.sequence), ...entry }))
        answerList({ request, response, data, hasMore: page.hasMore })
        return undefined
      },
    },
  },
  {
    method: 'get',
    path: '/audit/export',
    id: 'exportAudit',
    summary:
      'The whole log from its beginning, one entry a line (JSON lines): what turnpike audit verify reads',
    permission: 'audit:read',
    query: ORGANIZATION,
    act: {
      kind: 'other',
      answer: async (given) => {
        const { desk, response } = given
        const organizationId = await organizationOf(given)
        response.writeHead(200, { ...PRIVATE, 'content-type': 'application/x-ndjson; charset=utf-8' })
        for await (const page of entriesOf(desk, organizationId)) {
          const isTaken = response.write(page.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
          // A reader that is slow holds us back; one that has gone away ends it.
          if (!isTaken) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
          if (response.destroyed) return undefined
        }
        response.end()
        return undefined
      },
    },
  },
  {
    method: 'get',
    path: '/audit/verify',
    id: 'verifyAudit',
    summary: 'Reads the log from its beginning and tells whether all is as it was written',
    permission: 'audit:read',
    query: ORGANIZATION,
    act: {
      kind: 'other',
      answer: async (given) => {
        const { isGood, faults, count } = await verifyLog(given.desk, await organizationOf(given))
        return { object: 'audit_verdict', good: isGood, faults, count }
      },
    },
  },
  {
    method: 'post',
    path: '/audit/checkpoints',
    id: 'createCheckpoint',
    summary: 'Signs the log as it stands (ed25519): keep it somewhere else',
    permission: 'audit:read',
    body: z.strictObject({}),
    query: ORGANIZATION,
    act: {
      kind: 'other',
      answer: async (given) => {
        const { checkpoint, signature, publicKey } = await makeCheckpoint(
          given.desk,
          await organizationOf(given),
        )
        return {
          object: 'audit_checkpoint',
          algorithm: 'ed25519',
          checkpoint,
          signature,
          public_key: publicKey,
        }
      },
    },
  },
]
