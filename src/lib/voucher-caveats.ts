import { LIMITS } from './limits.ts'
import { formatUsd, parseUsd, type PicoUsd } from './money.ts'

/**
 * What one link of a spend voucher takes away from what the links before it leave. Absent: it takes nothing of that kind. None of them can give
 * anything, so a link that says more than the one before it changes nothing.
 */
export type VoucherCaveats = {
  /** What all calls with the link may cost together, as long as it lives. */
  readonly maxPicoUsd?: PicoUsd
  /** How many calls. */
  readonly maxRequests?: number
  /** Names or patterns such as `anthropic/*`. */
  readonly models?: readonly string[]
  readonly expiresAtMs?: number
  /** No link may follow. */
  readonly delegable?: false
  /** Means nothing: two links that say the same have budgets of their own where it differs. */
  readonly nonce?: string
}

/** The fields of a link as JSON has them. */
export const CAVEAT_FIELDS = [
  'max_usd',
  'max_requests',
  'models',
  'expires_at',
  'delegable',
  'nonce',
] as const
export type CaveatField = (typeof CAVEAT_FIELDS)[number]

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/
const NONCE_CHARS = 64

const isName = (name: unknown): name is string =>
  typeof name === 'string' && name.length > 0 && name.length <= LIMITS.modelNameChars

/** Each field's value, or undefined where it is not one. */
const READERS: { readonly [Field in CaveatField]: (value: unknown) => VoucherCaveats | undefined } = {
  max_usd(value) {
    const text = typeof value === 'number' ? String(value) : value
    const maxPicoUsd = typeof text === 'string' ? parseUsd(text) : undefined
    return maxPicoUsd === undefined ? undefined : { maxPicoUsd }
  },
  max_requests: (value) =>
    Number.isSafeInteger(value) && (value as number) >= 0 ? { maxRequests: value as number } : undefined,
  models: (value) =>
    Array.isArray(value) && value.length <= LIMITS.voucherModels && value.every(isName)
      ? { models: value }
      : undefined,
  expires_at(value) {
    const expiresAtMs = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : NaN
    return Number.isFinite(expiresAtMs) ? { expiresAtMs } : undefined
  },
  delegable: (value) => (value === false ? { delegable: false } : value === true ? {} : undefined),
  nonce: (value) => (typeof value === 'string' && value.length <= NONCE_CHARS ? { nonce: value } : undefined),
}

const isField = (name: string): name is CaveatField => Object.hasOwn(READERS, name)

/**
 * Reads a link. A field that nobody here knows may be a limit, so it is a fault and not passed over.
 *
 * @returns the caveats, or the field that is not as it should be.
 * @example readCaveats({ max_usd: '0.01' }) // { caveats: { maxPicoUsd: 10_000_000_000n } }
 */
export function readCaveats(
  fields: Readonly<Record<string, unknown>>,
): { readonly caveats: VoucherCaveats } | { readonly fault: string } {
  let caveats: VoucherCaveats = {}
  for (const [name, value] of Object.entries(fields)) {
    const read = isField(name) ? READERS[name](value) : undefined
    if (!read) return { fault: name }
    caveats = { ...caveats, ...read }
  }
  return { caveats }
}

/** A link's fields for the wire; {@link readCaveats} reads them back. */
export function caveatFields(caveats: VoucherCaveats): Readonly<Partial<Record<CaveatField, unknown>>> {
  const { maxPicoUsd, maxRequests, models, expiresAtMs, delegable, nonce } = caveats
  return {
    ...(maxPicoUsd === undefined ? {} : { max_usd: formatUsd(maxPicoUsd) }),
    ...(maxRequests === undefined ? {} : { max_requests: maxRequests }),
    ...(models === undefined ? {} : { models }),
    ...(expiresAtMs === undefined ? {} : { expires_at: new Date(expiresAtMs).toISOString() }),
    ...(delegable === undefined ? {} : { delegable }),
    ...(nonce === undefined ? {} : { nonce }),
  }
}
