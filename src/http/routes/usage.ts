import { type Request, Router } from 'express'
import { limitsOf } from '../../call/budgets/limits-of.ts'
import { governedCaller } from '../../call/caller/governed-caller.ts'
import { shownScope } from '../../governance/budgets/budget-refusal.ts'
import { requireKeyPermission } from '../../governance/keys/key-kinds.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd } from '../../lib/money.ts'
import { allow } from '../request/allow.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies, UsageRow } from '../dependencies.ts'
import { credentialOf } from '../calls/governed-call.ts'
import { requireSignIn } from '../signed-in.ts'

type Asked = { readonly request: Request; readonly dependencies: HttpDependencies }

const DAY_MS = 86_400_000
const USUAL_DAYS = 30

/** GET /v1/usage: what a caller has used, by day and model; GET /v1/limits: what its spending is bound by, and how that stands. */
export function usageRoutes(dependencies: HttpDependencies): Router {
  const router = Router()
  router
    .route('/v1/usage')
    .get(async (request, response) => {
      sendJson({ response, status: 200, body: await answerUsage({ request, dependencies }) })
    })
    .all(allow('GET, HEAD'))
  router
    .route('/v1/limits')
    .get(async (request, response) => {
      sendJson({ response, status: 200, body: await answerLimits({ request, dependencies }) })
    })
    .all(allow('GET, HEAD'))
  return router
}

/** @throws invalid_field */
function daysIn({ query }: Request): number {
  const days = Number(query['days'] ?? USUAL_DAYS)
  if (Number.isSafeInteger(days) && days >= 1 && days <= LIMITS.usageDays) return days
  throw new TurnpikeError('invalid_field', {
    param: 'days',
    message: `days must be a whole number from 1 to ${LIMITS.usageDays}.`,
  })
}

/** Whose usage: a key's own principal, or, with `usage:read` for all of it, its organisation; else the wallet that signs in. */
async function whoseUsage({ request, dependencies }: Asked) {
  const rules = await dependencies.call.governed.authenticate(credentialOf(request))
  if (!rules?.key || !rules.organization) return { payerId: requireSignIn({ request, dependencies }).payer }
  const { key, grants, organization, principal, unit } = rules
  const isWhole = request.query['of'] === 'organization'
  const unitPath = isWhole ? [organization.id] : unit.path
  requireKeyPermission({ key, grants, permission: 'usage:read', unitPath, isOwn: !isWhole })
  return { payerId: organization.id, ...(isWhole ? {} : { principalId: principal.id }) }
}

async function answerUsage(asked: Asked) {
  const { call, payers } = asked.dependencies
  const days = daysIn(asked.request)
  // Whole days: the first one would else be cut at this hour.
  const sinceMs = Math.floor(call.clock.nowMs() / DAY_MS - days + 1) * DAY_MS
  const rows = await payers.listUsage({ ...(await whoseUsage(asked)), sinceMs })
  const total = rows.reduce((sum, { chargePicoUsd }) => sum + chargePicoUsd, 0n)
  return { object: 'usage', days, total_usd: formatUsd(total), data: rows.map(usageForWire) }
}

const usageForWire = ({ day, modelId, calls, inputTokens, outputTokens, chargePicoUsd }: UsageRow) => ({
  date: day,
  model: modelId,
  requests: calls,
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  usage_usd: formatUsd(chargePicoUsd),
})

async function answerLimits(asked: Asked) {
  const { governed, clock } = asked.dependencies.call
  const keyRules = await governed.authenticateCaller(credentialOf(asked.request))
  const payer = keyRules ? undefined : requireSignIn(asked).payer
  const caller = await governedCaller({ keyRules, payer, governed })
  const limits = await limitsOf({ caller, store: governed.budgets, atMs: clock.nowMs() })
  return { object: 'list', data: limits.map(({ scope, mayRead }) => shownScope(scope, mayRead)) }
}
