import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { DOC_TABLES, tableIn } from '../../../scripts/doc-tables.ts'
import { LIMITS } from '../../../src/lib/limits.ts'
import { chargeOf } from '../../../src/pricing/charge.ts'
import { ceilingOf } from '../../../src/pricing/ceiling.ts'
import { costOf } from '../../../src/pricing/cost.ts'
import { ENDPOINTS } from '../../../src/catalog/models.ts'
import { NO_USAGE } from '../../../src/chat/usage.ts'
import { formatUsd, picoUsdToAtomic } from '../../../src/lib/money.ts'
import { CALL_STATES } from '../../../src/call/states.ts'
import { accounts, balances, chain_logs, channels, entries, postings } from '../../../src/storage/schema/ledger.ts'
import { admissions, attempts, captures } from '../../../src/storage/schema/calls.ts'
import { instances, meta } from '../../../src/storage/schema/operations.ts'
import {
  claims,
  findings,
  fundings,
  lanes,
  refunds,
  settlements,
  transactions,
} from '../../../src/storage/schema/settlement.ts'
import { getTableName } from '../../../src/storage/schema/table-name.ts'

