const OURS = /lane_refused:([a-z0-9_]+)/
const WORD = /^[a-z0-9_]{1,80}/

/**
 * One word for why a payment was refused: ours where the lane has refused, else the published one without what follows it.
 *
 * @example reasonOf({ reason: 'transaction_failed: HTTP request failed. URL: ...' }) // 'transaction_failed'
 */
export function reasonOf({
  reason = '',
  message = '',
}: {
  reason?: string | undefined
  message?: string | undefined
}): string {
  return OURS.exec(`${reason} ${message}`)?.[1] ?? WORD.exec(reason)?.[0] ?? 'unexpected_error'
}
