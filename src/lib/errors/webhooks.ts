import { conflict, defineErrors, invalid } from './define.ts'

/** Raised by webhooks/ and by the store of its deliveries. */
export const WEBHOOK_ERRORS = defineErrors({
  invalid_webhook_url: invalid(
    'Alerts cannot be sent to that URL.',
    'Use https on port 443 or 8443, without user name, password and fragment, at most 2,000 characters.',
  ),
  webhook_address_refused: invalid(
    'The host of that URL does not lead to the public internet alone.',
    'Every address of the host has to be a public one: alerts are never sent into private networks.',
  ),
  webhook_host_unknown: invalid(
    'The host of that URL has no address.',
    'Check how the host is spelled, and that its DNS records are there.',
  ),
  webhooks_not_configured: conflict(
    'This server cannot keep the secret of a subscription.',
    'Its operator has to set TURNPIKE_WEBHOOK_SECRET, or TURNPIKE_QUOTE_SECRET.',
  ),
  webhook_switched_off: conflict(
    'This subscription is switched off or archived.',
    'Switch it on first: a receiver that answers 410 switches it off.',
  ),
  delivery_not_found: {
    ...invalid(
      'There is no such delivery in this organisation.',
      'List the deliveries, and take an id of those.',
    ),
    status: 404,
  },
  delivery_under_way: conflict(
    'This delivery is being made at the moment.',
    'Look at it again in half a minute: then its attempt has ended.',
  ),
})
