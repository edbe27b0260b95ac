import type { IdentityProvider } from '../../call/session-ports.ts'
import type { TripSeal } from '../../call/sessions/trip-seal.ts'
import type { SignInDependencies } from '../../call/sessions/members.ts'
import type { AddressWindow } from '../request/address-window.ts'

/** What the routes of signing in are given. */
export type SignInEdge = {
  readonly members: SignInDependencies
  /** Origins under which this server is known; beside them a laptop is known as itself. */
  readonly origins: readonly string[]
  /** Tries within a minute, by address and by login. */
  readonly addressTries: AddressWindow
  readonly loginTries: AddressWindow
  /** Where others vouch for members, and how a browser carries what is remembered meanwhile. */
  readonly provided?: { readonly provider: IdentityProvider; readonly seal: TripSeal }
}
