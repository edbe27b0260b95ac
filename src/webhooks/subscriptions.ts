import { randomBytes, randomUUID } from 'node:crypto'
import type { OutboxStore, Subscriptions } from '../call/outbox-ports.ts'
import { newEvent } from '../governance/alerts/coalesce.ts'
import { PUBLIC_UNIT } from '../governance/hierarchy/types.ts'
import { TurnpikeError } from '../lib/errors/turnpike-error.ts'
import { LIMITS } from '../lib/limits.ts'
import { guard, type Refusal, type Resolve } from './guard.ts'
import type { Seal } from './seal.ts'
import { secretText } from './sign.ts'

const SECRET_BYTES = 32

const REFUSED = {
  url_refused: 'invalid_webhook_url',
  address_refused: 'webhook_address_refused',
  host_unknown: 'webhook_host_unknown',
} as const satisfies Record<Refusal, string>

/**
 * What the operator API needs to make and to look after subscriptions.
 *
 * @param seal absent where the server has no secret that outlives it.
 * @param wake something is on its way: look soon.
 */
export function createSubscriptions({
  store,
  seal,
  isDev,
  resolve,
  nowMs,
  wake,
}: {
  store: Pick<OutboxStore, 'appendFor' | 'replay'>
  seal: Seal | undefined
  isDev: boolean
  resolve: Resolve
  nowMs: () => number
  wake: () => void
}): Subscriptions {
  const requireSeal = (): Seal => {
    if (!seal) throw new TurnpikeError('webhooks_not_configured')
    return seal
  }
  const makeSecret: Subscriptions['makeSecret'] = (webhookId) => {
    const secret = secretText(randomBytes(SECRET_BYTES))
    return { secret, sealedSecret: requireSeal().close({ webhookId, secret }) }
  }
  return {
    checkUrl: async (url) => {
      const target = await guard({ url, isDev, resolve })
      if ('refusal' in target) throw new TurnpikeError(REFUSED[target.refusal], { param: 'url' })
    },
    makeSecret,
    rotateSecret: ({ id: webhookId, sealedSecret }) => {
      const made = makeSecret(webhookId)
      const untilMs = nowMs() + LIMITS.webhookOverlapMs
      const earlier = requireSeal().open({ webhookId, sealed: sealedSecret, nowMs: nowMs() })
      // One that cannot be read signs nothing, and so is not missed.
      const sealedEarlierSecret =
        earlier === undefined ? sealedSecret : requireSeal().close({ webhookId, secret: earlier, untilMs })
      return { ...made, sealedEarlierSecret }
    },
    sendTest: async ({ id: webhookId, organizationId }) => {
      const atMs = nowMs()
      const event = newEvent({
        type: 'webhook.test',
        organizationId: organizationId === PUBLIC_UNIT.id ? null : organizationId,
        cause: [randomUUID()],
        data: { webhook_id: webhookId },
        atMs,
      })
      const delivery = await store.appendFor({ event, webhookId, atMs })
      wake()
      return delivery
    },
    replay: async (request) => {
      const delivery = await store.replay({ ...request, atMs: nowMs() })
      wake()
      return delivery
    },
  }
}
