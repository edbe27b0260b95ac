import type { ApiKeyOptions } from './api-keys.ts'
import type { WalletGate } from '../../call/caller/screening.ts'
import type { Catalog, Provider } from '../../catalog/types.ts'
import type { HostedOptions } from '../../chain/hosted/ask-facilitator.ts'
import type { ProvidedMembers } from '../../call/sessions/members.ts'
import type { OpenIdOptions } from '../../identity/openid-provider.ts'
import type { TrialBalanceRow } from '../../ledger/trial-balance.ts'
import type { Hex, Network, Terms } from '../../payment/types.ts'
import type { OperatorQuality } from '../../routing/quality/types.ts'
import type { GasPolicy } from '../../settlement/policy.ts'
import type { Reach } from '../../settlement/crash-points.ts'
import type { Finding, Reconciliation } from '../../settlement/reconcile/types.ts'
import type { SweepOptions } from '../../settlement/sweep.ts'
import type { TransactionRow } from '../../settlement/types.ts'

export type NetworkOptions = {
  readonly network: Network
  readonly rpcUrls: readonly string[]
  readonly finality: { readonly kind: 'depth'; readonly blocks: number } | { readonly kind: 'finalized' }
  /** Who submits `exact` payments in place of our signer. */
  readonly hosted?: HostedOptions
  /** What a unit of gas may cost; the chain room's default where absent. */
  readonly feeCaps?: { readonly maxFeePerGasWei: bigint; readonly maxPriorityFeePerGasWei: bigint }
}

/** How alerts are sent. */
export type WebhookOptions = {
  /** Seals the secrets of subscriptions, the same after every start; absent: there can be none. */
  readonly secret?: string
  /** The operator's ed25519 key, `whsk_…`. */
  readonly key?: string
  /** A laptop's server may send to the laptop. */
  readonly isDev?: boolean
  /** Between two looks; LIMITS.webhookEveryMs where absent. */
  readonly everyMs?: number
  /** Finds the addresses of a host; the machine's own way where absent. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
}

/** An OpenID Connect provider, and whom it may let in who has no login here. */
export type IdentityOptions = OpenIdOptions & ProvidedMembers

/** Everything that one server is made of; dev, demo, serve and the tests each fill it in their own way. */
export type AppOptions = {
  readonly port: number
  readonly host: string
  readonly region: string
  readonly place: { readonly databaseUrl: string } | { readonly dataDirectory: string }
  readonly redisUrl?: string
  readonly catalog: Catalog
  /** What the operator says of models' quality. */
  readonly qualities?: Readonly<Record<string, OperatorQuality>>
  readonly providers: readonly Provider[]
  readonly providerKey: (variable: string) => string | undefined
  readonly networks: readonly NetworkOptions[]
  readonly keys: { readonly signer: Hex; readonly till: Hex; readonly receiverAuthorizer: Hex }
  readonly apiKeys: ApiKeyOptions
  /** Whom of the wallets we serve; all where absent. */
  readonly walletGate?: WalletGate
  readonly terms: Terms
  /** Whether the start is refused where a token is not on chain what our table says. */
  readonly checksTokens?: boolean
  readonly secret: string
  readonly marginBps: number
  readonly defaultOutputTokens: number
  readonly freeCallsPerMinute: number
  readonly unpaidPerMinute: number
  readonly trustedProxies: number
  readonly adminToken?: string
  /** Signs checkpoints of audit logs: an ed25519 key, PKCS #8 as base64. */
  readonly auditKey?: string
  /** Whether operators' routes share the public listener. */
  readonly sharesAdmin: boolean
  readonly adminListener?: { readonly host: string; readonly port: number }
  /** Of a chain that may be thrown away: a ledger belongs to one chain and refuses another. */
  readonly genesis?: string
  readonly publicUrl?: string
  /** Who vouches for members beside their passwords. */
  readonly identity?: IdentityOptions
  /** Origin of the operators' listener, where it is not the public one. */
  readonly adminUrl?: string
  readonly logLevel?: string
  /** Between two looks at a chain for one receipt, and between two passes of the settlement. */
  readonly pollMs: number
  readonly sweepMs: number
  /** Between two reconciliations, and how long a difference lasts before it is a finding; those of LIMITS where absent. */
  readonly reconcileMs?: number
  readonly reconcileGraceMs?: number
  /** Between two looks at our tokens; LIMITS.tokenWatchMs where absent. */
  readonly tokenWatchMs?: number
  /** Until a provider has taken a connection; LIMITS.connectMs where absent. */
  readonly connectMs?: number
  /** Between two exchanges of endpoints' health with other instances; LIMITS.healthFlushMs where absent. */
  readonly healthFlushMs?: number
  readonly webhooks?: WebhookOptions
  readonly onProgress?: (line: string) => void
  /** Permits of payers (EIP-2612) whose gas is ours, per network within 24 hours; none where absent. */
  readonly sponsoredPermitsPerDay?: number
  /** Payers' signed approvals that are given the coins for their gas, likewise. */
  readonly sponsoredApprovalsPerDay?: number
  /** What gas may cost; dev's costs nothing. */
  readonly gasOf?: (network: Network) => GasPolicy
  /** Tests end the process at a named crash point. */
  readonly reach?: Reach
}

/** What `turnpike reconcile` is told: ledger against chain, and beside it what stands open about providers' counts. */
export type BooksReport = Reconciliation & { readonly usage: readonly Finding[] }

export type App = {
  readonly url: string
  readonly adminUrl: string
  readonly port: number
  readonly settleNow: (options?: SweepOptions) => Promise<{ readonly failures: number }>
  readonly reconcile: () => Promise<BooksReport>
  readonly checkLedger: () => Promise<readonly { name: string; ok: boolean; rows: number }[]>
  /** The newest hundred. */
  readonly listTransactions: () => Promise<readonly TransactionRow[]>
  readonly trialBalance: () => Promise<readonly TrialBalanceRow[]>
  /** Lets go of all that is known of endpoints: for tests whose provider has failed on purpose. */
  readonly forgetHealth: () => void
  readonly close: () => Promise<void>
}
