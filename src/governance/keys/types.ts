import type { Permission } from '../roles/permissions.ts'

/** A key that calls models, or one that manages: never both. */
export type KeyKind = 'inference' | 'management'

/** A voucher that is no longer good, with everything that was narrowed from it. */
export type RevokedVoucher = { readonly id: string; readonly atMs: number }

/** A key as it is stored: never its secret. */
export type ApiKey = {
  /** The part of the key that names it: 8 characters of base62. */
  readonly id: string
  readonly organizationId: string
  readonly principalId: string
  readonly name: string
  readonly kind: KeyKind
  /** `tp_test_` keys are for dev chains. */
  readonly isTest: boolean
  /** HMAC of the secret under the pepper (keys/hash-secret), as base64url. */
  readonly secretHash: string
  /** Which pepper; it is rotated by letting keys of the old one run out. */
  readonly pepperVersion: number
  /** null: everything that its kind and its principal may. */
  readonly scopes: readonly Permission[] | null
  readonly createdAtMs: number
  readonly expiresAtMs?: number
  readonly revokedAtMs?: number
  /** Vouchers of this key that were taken back before their time, by the name of the link, with when; absent for none. */
  readonly revokedVouchers?: readonly RevokedVoucher[]
  /** The key that it took the place of. */
  readonly rotatedFromId?: string
  readonly version: number
}
