import type { Session, SessionStore } from '../call/session-ports.ts'
import { noteAudit } from './admin/audit-log.ts'
import type { Database, Row } from './database/database.ts'
import { integer, text } from './database/row.ts'

const sessionOf = (row: Row): Session => ({
  tokenHash: text(row['token_hash']),
  principalId: text(row['principal_id']),
  loginVersion: integer(row['login_version']),
  createdAtMs: integer(row['created_at_ms']),
  seenAtMs: integer(row['seen_at_ms']),
  expiresAtMs: integer(row['expires_at_ms']),
})

/** See {@link SessionStore}. Nothing is kept in memory, so that what is ended here is ended everywhere at once. */
export function openSessionStore({ database }: { database: Database }): SessionStore {
  return {
    async open({ tokenHash, principalId, loginVersion, createdAtMs, seenAtMs, expiresAtMs }, note) {
      await database.query('delete from sessions where expires_at_ms <= $1', [createdAtMs])
      await database.transaction(async (sql) => {
        await sql.query(
          `insert into sessions (token_hash, principal_id, login_version, created_at_ms, seen_at_ms, expires_at_ms)
           values ($1, $2, $3, $4, $5, $6)`,
          [tokenHash, principalId, loginVersion, createdAtMs, seenAtMs, expiresAtMs],
        )
        await noteAudit({ sql, record: note })
      })
    },
    refuse: (note) => database.transaction((sql) => noteAudit({ sql, record: note })),
    async get(tokenHash) {
      const [row] = await database.query(
        `select s.* from sessions s join logins l on l.id = s.principal_id and l.version = s.login_version
         where s.token_hash = $1 and s.revoked_at_ms is null and l.archived_at_ms is null`,
        [tokenHash],
      )
      return row && sessionOf(row)
    },
    async touch({ tokenHash, nowMs }) {
      await database.query(
        'update sessions set seen_at_ms = $2 where token_hash = $1 and seen_at_ms < $2 and revoked_at_ms is null',
        [tokenHash, nowMs],
      )
    },
    async revoke({ tokenHash, nowMs, note }) {
      await database.transaction(async (sql) => {
        const [row] = await sql.query(
          `update sessions s set revoked_at_ms = $2 from logins l
           where s.token_hash = $1 and s.revoked_at_ms is null and l.id = s.principal_id
           returning s.principal_id, l.organization_id`,
          [tokenHash, nowMs],
        )
        if (!row) return
        const owner = {
          organizationId: text<string>(row['organization_id']),
          principalId: text<string>(row['principal_id']),
        }
        await noteAudit({ sql, record: note(owner) })
      })
    },
  }
}
