import { createHmac } from 'node:crypto'
import type { HttpDependencies } from '../http/dependencies.ts'
import type { Authenticate } from '../call/rules-ports.ts'
import { createLogins } from '../call/credentials/logins.ts'
import { createPasswords } from '../call/credentials/passwords.ts'
import type { Storage } from '../storage/open-storage.ts'
import { checkpointSigner } from './checkpoint-signer.ts'
import { clock } from './clock.ts'
import type { AppOptions } from './options/options.ts'
import type { Webhooks } from './watch/watch-webhooks.ts'

/** One server secret makes many keys, each under its own label. */
const derived = (secret: string, label: string): Buffer => createHmac('sha256', secret).update(label).digest()

/** What the routes of administration are given. */
export function administration({
  options: { secret, apiKeys, auditKey },
  storage,
  webhooks: { subscriptions },
  authenticate,
}: {
  options: AppOptions
  storage: Storage
  webhooks: Pick<Webhooks, 'subscriptions'>
  authenticate: Authenticate
}): HttpDependencies['administration'] {
  const digestKey = derived(secret, 'turnpike administration digest 1')
  const { peppers, pepperVersion, isTest } = apiKeys
  const pepper = peppers.get(pepperVersion)
  if (pepper === undefined) throw new RangeError('New keys are made under a pepper that is there.')
  return {
    store: storage.governance,
    budgets: storage.budgets,
    clock,
    logins: createLogins({ peppers, passwords: createPasswords({ random: clock.random }) }),
    keys: { pepper, pepperVersion, isTest },
    digest: (text) => createHmac('sha256', digestKey).update(text).digest('base64url'),
    subscriptions,
    money: storage.organizations,
    authenticate,
    ...(auditKey === undefined ? {} : { checkpoints: checkpointSigner({ privateKey: auditKey }) }),
  }
}
