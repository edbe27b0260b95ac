import { newEvent } from '../../governance/alerts/coalesce.ts'
import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import type { Address } from '../../payment/types.ts'
import type { AdminStore, Wallet } from '../admin-ports.ts'
import type { Clock } from '../ports.ts'
import type { CallerRules } from '../rules-ports.ts'

/** What a list or a service has against a wallet; `review`: it is served, and somebody is to look. */
export type ScreeningVerdict = {
  readonly verdict: 'allow' | 'deny' | 'review'
  /** Which list, or which answer of which service. */
  readonly listVersion: string
  /** How long the answer holds. */
  readonly holdsMs: number
}

/** Asked before a wallet's money is taken. A local list answers from memory, a service over the network. */
export type Screen = (wallet: { readonly address: Address }) => Promise<ScreeningVerdict>

/** The operator's rules for wallets, above what anybody below has set. */
export type WalletGate = {
  readonly screen?: Screen
  /** Where the screen does not answer: closed serves nobody that it has not answered for. */
  readonly onSilence: 'open' | 'closed'
  /** Only wallets that are linked to an organisation, or that the operator has allowed. */
  readonly onlyKnown: boolean
}

const denied = (reason: string) => new TurnpikeError('wallet_denied', { extra: { metadata: { reason } } })

/**
 * Lets wallets through, or does not: by the operator's own word first, then by the list. An answer of the list is kept as long as it says it
 * holds, and where it has something against a wallet that is written down once for each version of the list, with an alert.
 *
 * @throws TurnpikeError `wallet_denied` (403, before any money is moved); `unavailable` where the screen is silent and that closes the gate.
 */
export function createWalletGate({
  gate: { screen, onSilence, onlyKnown },
  store,
  clock,
}: {
  gate: WalletGate
  store: AdminStore
  clock: Pick<Clock, 'nowMs'>
}): (wallet: { address: Address; rules: CallerRules }) => Promise<void> {
  const kept = new Map<Address, ScreeningVerdict & { readonly untilMs: number }>()

  async function verdictOf(address: Address): Promise<ScreeningVerdict | undefined> {
    const nowMs = clock.nowMs()
    const known = kept.get(address)
    if (known && known.untilMs > nowMs) return known
    try {
      const verdict = await screen?.({ address })
      if (verdict) keep(address, { ...verdict, untilMs: nowMs + verdict.holdsMs })
      return verdict
    } catch (cause) {
      if (onSilence === 'open') return undefined
      throw new TurnpikeError('unavailable', { retryAfterMs: 5_000, cause })
    }
  }

  function keep(address: Address, verdict: ScreeningVerdict & { readonly untilMs: number }): void {
    kept.delete(address)
    kept.set(address, verdict)
    const [oldest] = kept.keys()
    if (kept.size > KEPT_VERDICTS && oldest !== undefined) kept.delete(oldest)
  }

  return async ({ address, rules }) => {
    const own = rules.wallet?.listVersion === undefined ? rules.wallet?.verdict : undefined
    if (own === 'deny') throw denied('operator')
    if (own === 'allow') return
    if (onlyKnown && !rules.organization) throw denied('not_listed')
    const found = await verdictOf(address)
    if (!found || found.verdict === 'allow') return
    await writeDown({ address, rules, found, store, atMs: clock.nowMs() })
    if (found.verdict === 'deny') throw denied('screening')
  }
}

const KEPT_VERDICTS = 20_000

/** Once for each version of a list; of two instances that find it at the same time one does. */
async function writeDown({
  address,
  rules,
  found: { verdict, listVersion, holdsMs },
  store,
  atMs,
}: {
  address: Address
  rules: CallerRules
  found: ScreeningVerdict
  store: AdminStore
  atMs: number
}): Promise<void> {
  const { wallet, principal, organization } = rules
  if (wallet?.listVersion === listVersion && wallet.verdict === verdict) return
  const organizationId = organization?.id ?? null
  const tenant = organizationId ?? PUBLIC_UNIT.id
  const value: Wallet = {
    ...(wallet ?? { id: address, organizationId, principalId: principal.id, version: 1 }),
    verdict,
    listVersion,
    screenedUntilMs: atMs + holdsMs,
  }
  const data = { principal_id: principal.id, verdict, list_version: listVersion }
  const event = newEvent({
    type: 'wallet.flagged',
    organizationId,
    cause: [address, listVersion, verdict],
    data,
    atMs,
  })
  await store
    .commit({
      organizationId: tenant,
      changes: [{ resource: 'wallets', value, expectedVersion: wallet?.version ?? 0 }],
      events: [event],
      actor: { kind: 'system', id: 'screening' },
      via: 'system',
      action: 'wallet:screened',
      requestId: null,
      addressDigest: null,
      atMs,
    })
    .catch((error: unknown) => {
      if (!(error instanceof TurnpikeError) || error.code !== 'version_conflict') throw error
    })
}
