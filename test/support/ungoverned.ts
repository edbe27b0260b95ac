import { createBudgetQueue } from '../../src/call/budgets/queue.ts'
import type { CallDependencies } from '../../src/call/dependencies.ts'
import { PUBLIC_UNIT } from '../../src/governance/hierarchy/types.ts'
import { TurnpikeError } from '../../src/lib/errors/turnpike-error.ts'

/** A server on which nobody has set any rule: no keys, no budgets, no rates. */
export const UNGOVERNED: CallDependencies['governed'] = {
  rules: {
    byKey: async () => undefined,
    byWallet: async (address) => ({
      unit: PUBLIC_UNIT,
      principal: {
        id: address,
        organizationId: null,
        unitId: PUBLIC_UNIT.id,
        kind: 'wallet',
        name: address,
        address,
        version: 0,
      },
      grants: [],
      policies: [],
      budgets: [],
      rates: [],
    }),
    refresh: async () => undefined,
  },
  authenticate: async () => undefined,
  authenticateCaller: async () => undefined,
  makeVoucher: () => {
    throw new TurnpikeError('key_invalid')
  },
  budgets: { listScopes: async () => [], lower: async () => undefined },
  rates: {
    take: async () => ({ isAdmitted: true, rates: [], concurrency: [], verdicts: [] }),
    end: async () => undefined,
  },
  alerts: { note: () => undefined },
  tellRolling: async () => undefined,
  passWallet: async () => undefined,
  queue: createBudgetQueue({ sleep: async () => undefined }),
}
