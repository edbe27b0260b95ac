import { type Request, Router } from 'express'
import { voucherStanding } from '../../call/budgets/voucher-standing.ts'
import { missingField } from '../../chat/read-values.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { LIMITS } from '../../lib/limits.ts'
import { readCaveats, type VoucherCaveats } from '../../lib/voucher-caveats.ts'
import { allow } from '../request/allow.ts'
import { sendJson } from '../answer.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { credentialOf } from '../calls/governed-call.ts'
import { readBody } from '../request/read-body.ts'
import { readObject } from '../request/read-object.ts'
import { requireStorage } from '../request/require-storage.ts'
import { standingForWire, voucherForWire } from '../schemas/voucher-fields.ts'
import { VOUCHER_FAULTS, VOUCHER_FIELDS } from '../schemas/voucher-schemas.ts'

type Asked = { readonly request: Request; readonly dependencies: HttpDependencies }

/** POST /v1/vouchers: a key's holder hands out what may be spent; GET /v1/vouchers/me: what is left of it. */
export function vouchersRoutes(dependencies: HttpDependencies): Router {
  const router = Router()
  router
    .route('/v1/vouchers')
    .post(async (request, response) => {
      sendJson({ response, status: 201, body: await createVoucher({ request, dependencies }) })
    })
    .all(allow('POST'))
  router
    .route('/v1/vouchers/me')
    .get(async (request, response) => {
      sendJson({ response, status: 200, body: await ownVoucher({ request, dependencies }) })
    })
    .all(allow('GET, HEAD'))
  return router
}

const invalid = (param: string, message: string) => new TurnpikeError('invalid_field', { param, message })

/** @throws invalid_json, unknown_field, missing_field, invalid_field */
function readOrder({ body, nowMs }: { body: Buffer; nowMs: number }): VoucherCaveats {
  const fields = readObject({ body, known: VOUCHER_FIELDS })
  if (fields['max_usd'] === undefined) throw missingField('max_usd')
  const read = readCaveats(fields)
  if ('fault' in read) throw invalid(read.fault, VOUCHER_FAULTS[read.fault] ?? `${read.fault} is not valid.`)
  const { expiresAtMs = nowMs + LIMITS.voucherLifeMs, ...caveats } = read.caveats
  if (expiresAtMs <= nowMs || expiresAtMs > nowMs + LIMITS.voucherLifeMaxMs)
    throw invalid(
      'expires_at',
      `expires_at must be in the future, and at most ${LIMITS.voucherLifeMaxMs / 86_400_000} days away.`,
    )
  return { ...caveats, expiresAtMs }
}

async function createVoucher({ request, dependencies }: Asked) {
  const { governed, clock } = dependencies.call
  const rules = await governed.authenticate(credentialOf(request))
  if (!rules?.key)
    throw new TurnpikeError('key_invalid', {
      message: 'A voucher is made with a key of an organisation.',
      next: 'Send an inference key that holds vouchers:create, as Authorization: Bearer tp_…',
    })
  const body = await readBody(request)
  const caveats = readOrder({ body, nowMs: clock.nowMs() })
  const { id, text } = governed.makeVoucher({ rules, caveats })
  return { object: 'voucher', id, key_id: rules.key.id, voucher: text, ...voucherForWire(caveats) }
}

async function ownVoucher({ request, dependencies }: Asked) {
  const { governed, clock } = dependencies.call
  const rules = await governed.authenticateCaller(credentialOf(request))
  if (!rules?.voucher)
    throw new TurnpikeError('voucher_invalid', {
      message: 'This tells how a voucher stands, and none came along.',
      next: 'Send it as Authorization: Bearer tpv_…',
    })
  requireStorage(dependencies)
  const levels = await voucherStanding({
    levels: rules.voucher.levels,
    organizationId: rules.organization?.id ?? null,
    store: governed.budgets,
    atMs: clock.nowMs(),
  })
  return standingForWire(levels)
}
