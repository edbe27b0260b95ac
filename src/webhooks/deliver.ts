import type { KeyObject } from 'node:crypto'
import type { AttemptOutcome, LeasedDelivery } from '../call/outbox-ports.ts'
import { eventBody } from '../governance/alerts/events.ts'
import { LIMITS } from '../lib/limits.ts'
import { guard, type Resolve } from './guard.ts'
import { type AttemptResult, judgeAttempt } from './judge-attempt.ts'
import { post } from './post.ts'
import type { Seal } from './seal.ts'
import { signHeaders } from './sign.ts'

export type DeliveryDependencies = {
  readonly seal?: Seal | undefined
  /** Signs beside the subscriptions' own secrets. */
  readonly key?: KeyObject | undefined
  readonly resolve: Resolve
  readonly isDev: boolean
  readonly nowMs: () => number
  /** From 0 to 1. */
  readonly random: () => number
  readonly answerMs?: number
}

/**
 * Makes one attempt: looks at the URL and its addresses anew, signs, sends, and says what follows. Never throws.
 *
 * @returns undefined where `signal` has stopped it: then nothing is known, and its lease runs out.
 */
export async function deliver({
  leased: { delivery, event, webhook },
  dependencies,
  signal,
}: {
  leased: LeasedDelivery
  dependencies: DeliveryDependencies
  signal: AbortSignal
}): Promise<AttemptOutcome | undefined> {
  const { nowMs, random } = dependencies
  const body = JSON.stringify(eventBody(event))
  // No time makes it smaller.
  if (Buffer.byteLength(body) >= LIMITS.webhookBodyBytes) return { kind: 'dead', errorCode: 'body_too_large' }
  const result = await attempt({ event, webhook, body, dependencies, signal })
  return result && judgeAttempt({ result, attempts: delivery.attempts, nowMs: nowMs(), random: random() })
}

async function attempt({
  event,
  webhook,
  body,
  dependencies,
  signal,
}: Pick<LeasedDelivery, 'event' | 'webhook'> & {
  body: string
  dependencies: DeliveryDependencies
  signal: AbortSignal
}): Promise<AttemptResult | undefined> {
  const { seal, key, resolve, isDev, nowMs, answerMs = LIMITS.webhookAnswerMs } = dependencies
  const secrets = secretsOf({ webhook, seal, nowMs: nowMs() })
  if (secrets.length === 0) return { errorCode: 'secret_unreadable' }
  const { url } = webhook
  const target = await within({ promise: guard({ url, isDev, resolve }), durationMs: answerMs })
  if (target === undefined) return { errorCode: 'timeout' }
  if ('refusal' in target) return { errorCode: target.refusal }
  const timestampSeconds = Math.floor(nowMs() / 1_000)
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'turnpike-webhooks',
    ...signHeaders({ id: event.id, timestampSeconds, body, secrets, key }),
  }
  const result = await post({ target, headers, body, signal, answerMs })
  if (result.kind === 'stopped') return undefined
  if (result.kind === 'unanswered') return { errorCode: result.errorCode }
  const { status, retryAfter } = result
  return { status, ...(retryAfter === undefined ? {} : { retryAfter }) }
}

/** The secret, and while it is new the one before. */
function secretsOf({
  webhook: { id: webhookId, sealedSecret, sealedEarlierSecret },
  seal,
  nowMs,
}: {
  webhook: LeasedDelivery['webhook']
  seal: Seal | undefined
  nowMs: number
}): readonly string[] {
  const sealed = [sealedSecret, ...(sealedEarlierSecret === undefined ? [] : [sealedEarlierSecret])]
  const opened = sealed.map((one) => seal?.open({ webhookId, sealed: one, nowMs }))
  return opened[0] === undefined ? [] : opened.filter((secret) => secret !== undefined)
}

/** The look-up of a name cannot be stopped, only not be waited for. */
async function within<Value>({
  promise,
  durationMs,
}: {
  promise: Promise<Value>
  durationMs: number
}): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), durationMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
