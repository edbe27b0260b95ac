import type { Logins } from '../call/credentials/logins.ts'
import { createTripSeal } from '../call/sessions/trip-seal.ts'
import { openAddressWindow } from '../http/request/address-window.ts'
import type { SignInEdge } from '../http/sessions/edge.ts'
import { createOpenIdProvider } from '../identity/openid-provider.ts'
import { LIMITS } from '../lib/limits.ts'
import type { Storage } from '../storage/open-storage.ts'
import { clock } from './clock.ts'
import type { AppOptions } from './options/options.ts'

/** What the routes of signing in are given. */
export function signInEdge({
  options: { publicUrl, adminUrl, identity, secret },
  storage,
  logins,
}: {
  options: Pick<AppOptions, 'publicUrl' | 'adminUrl' | 'identity' | 'secret'>
  storage: Pick<Storage, 'governance' | 'rules' | 'sessions'>
  logins: Logins
}): SignInEdge {
  const origins = [adminUrl, publicUrl].flatMap((url) => (url === undefined ? [] : [new URL(url).origin]))
  return {
    members: {
      store: storage.governance,
      rules: storage.rules,
      sessions: storage.sessions,
      logins,
      clock,
      ...(identity ? { provided: identity } : {}),
    },
    origins: [...new Set(origins)],
    addressTries: openAddressWindow({ limit: LIMITS.signInsPerAddress, nowMs: clock.nowMs }),
    loginTries: openAddressWindow({ limit: LIMITS.signInsPerLogin, nowMs: clock.nowMs }),
    ...(identity
      ? { provided: { provider: createOpenIdProvider(identity), seal: createTripSeal({ secret, clock }) } }
      : {}),
  }
}
