import { bigint, customType, numeric } from 'drizzle-orm/pg-core'

/** Atomic units of one token, or pico-USD: always whole, read as a string and turned into a bigint. */
export const amount = (name: string) => numeric(name, { precision: 39, scale: 0 })

/** Milliseconds since 1970. */
export const timeMs = (name: string) => bigint(name, { mode: 'number' })

export const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })
