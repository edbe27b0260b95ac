import type { HealthRow, HealthStore } from '../call/ports.ts'
import { LIMITS } from '../lib/limits.ts'
import type { Database, Row } from './database/database.ts'
import { integer, text } from './database/row.ts'

/** A row as plain JSON: one parameter for however many rows. */
const jsonOf = ({ endpointId, instance, atMs, success, paces, circuit, waitUntilMs }: HealthRow) => ({
  endpoint_id: endpointId,
  instance,
  at_ms: Math.round(atMs),
  successes: success.successes,
  failures: success.failures,
  successes_at_ms: Math.round(success.atMs),
  circuit_open_until_ms: Math.round(circuit.openUntilMs),
  circuit_openings: circuit.openings,
  circuit_changed_at_ms: Math.round(circuit.changedAtMs),
  wait_until_ms: Math.round(waitUntilMs),
  paces,
})

const rowOf = (row: Row): HealthRow => ({
  endpointId: text(row['endpoint_id']),
  instance: text(row['instance']),
  atMs: integer(row['at_ms']),
  success: {
    successes: Number(row['successes']),
    failures: Number(row['failures']),
    atMs: integer(row['successes_at_ms']),
  },
  paces: row['paces'] as HealthRow['paces'],
  circuit: {
    failuresInRow: 0,
    openUntilMs: integer(row['circuit_open_until_ms']),
    openings: integer(row['circuit_openings']),
    changedAtMs: integer(row['circuit_changed_at_ms']),
    probeSinceMs: 0,
  },
  waitUntilMs: integer(row['wait_until_ms']),
})

/** What instances know of endpoints. Every instance writes only its own rows, so none waits for another's. */
export function openHealthStore({ database }: { database: Database }): HealthStore {
  return {
    async put(rows) {
      const [first] = rows
      if (!first) return
      await database.query(
        `insert into endpoint_health
         select * from jsonb_to_recordset($1::jsonb) as told(endpoint_id text, instance text, at_ms bigint,
           successes float8, failures float8, successes_at_ms bigint, circuit_open_until_ms bigint,
           circuit_openings int, circuit_changed_at_ms bigint, wait_until_ms bigint, paces jsonb)
         on conflict (endpoint_id, instance) do update set at_ms = excluded.at_ms,
           successes = excluded.successes, failures = excluded.failures,
           successes_at_ms = excluded.successes_at_ms,
           circuit_open_until_ms = excluded.circuit_open_until_ms,
           circuit_openings = excluded.circuit_openings,
           circuit_changed_at_ms = excluded.circuit_changed_at_ms,
           wait_until_ms = excluded.wait_until_ms, paces = excluded.paces
         where endpoint_health.at_ms <= excluded.at_ms`,
        [JSON.stringify(rows.map(jsonOf))],
      )
      await database.query('delete from endpoint_health where at_ms < $1', [first.atMs - LIMITS.healthKeptMs])
    },
    async listSince({ sinceMs }) {
      const rows = await database.query('select * from endpoint_health where at_ms >= $1', [sinceMs])
      return rows.map(rowOf)
    },
  }
}
