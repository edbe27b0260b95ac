const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''

/** The whole group or transaction may simply be run again. */
export const isRepeatable = (error: unknown) => ['40P01', '40001', '55P03'].includes(codeOf(error))

/** One of the items is to blame (a value or a constraint), not the group. */
export const isDataError = (error: unknown) => /^(22|23)/.test(codeOf(error))

/** Nobody knows whether the statement was committed: connection failures, shutdown, crash of the server. */
export const isConnectionLost = (error: unknown) =>
  /^(08|57P0)/.test(codeOf(error)) ||
  ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOENT'].includes(codeOf(error)) ||
  (error instanceof Error &&
    /Connection terminated|Client has encountered a connection error|not queryable|timeout exceeded when trying to connect|timeout expired|Query read timeout/.test(
      error.message,
    ))

/** No room to write: disk, quota or file size. Servers and PGlite say so by code where they know it, else in words. */
export const isStorageFull = (error: unknown) =>
  /^53|^58030$|^25006$|^ENOSPC$|^EFBIG$|^EDQUOT$/.test(codeOf(error)) ||
  (error instanceof Error && /No space left|could not (?:extend|write)|File too large/i.test(error.message))
