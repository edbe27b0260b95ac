import { conflict, defineErrors, type ErrorSpec, invalid, unknownCaller } from './define.ts'

/** A rule of an organisation forbids it. Never 402: paying must not be a way round one's employer. */
const forbidden = (message: string, next: string): ErrorSpec => ({
  status: 403,
  type: 'permission_error',
  retryable: false,
  message,
  next,
})

/** Raised by governance/: budgets, rates, policies, keys, roles, and changes of any of them. */
export const GOVERNANCE_ERRORS = defineErrors({
  budget_exceeded: forbidden(
    'A budget does not have room for this call.',
    'Ask for less (max_tokens, a cheaper model), wait until error.metadata.binding.resets_at, or ask whoever sets that budget. Nothing was charged.',
  ),
  budget_crowded: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'Too many calls wait for the same budget.',
    next: 'Send the same request again after Retry-After. Nothing was charged.',
  },
  run_opened_otherwise: conflict(
    'Another call has opened this run at the same moment, with another limit.',
    'Send the request without a limit of the run, or with that of error.metadata.limit. Any other one then lowers the run, or raises it where the key holds runs:write. Nothing was charged.',
  ),
  balance_insufficient: forbidden(
    "The organisation's balance does not cover this call.",
    'Ask for less (max_tokens, a cheaper model), or have the balance topped up: POST /v1/credit with a key that may, or ask the operator. Nothing was charged.',
  ),
  wallet_denied: forbidden(
    'This wallet is not served here.',
    'Pay with another wallet, or ask the operator why this one was refused. Nothing was charged.',
  ),
  rate_limit_exceeded: {
    status: 429,
    type: 'rate_limit_error',
    retryable: true,
    message: 'A rate limit is reached.',
    next: 'Send the same request again after Retry-After; the x-ratelimit headers tell what is left.',
  },
  request_above_rate: invalid(
    'This request alone is larger than the rate limit lets through at once.',
    'Ask for less (max_tokens, a shorter prompt), or have the tokens per minute raised. Waiting does not help.',
  ),
  model_not_allowed_by_policy: forbidden(
    'A policy does not let this caller use that model.',
    'Ask for a model that the policy allows, or for model "auto", which chooses among them; error.metadata.from names the level that forbids it.',
  ),
  provider_not_allowed_by_policy: forbidden(
    'A policy does not let this caller use that provider.',
    'Leave the provider out, or name one that the policy allows; error.metadata.from names the level that forbids it.',
  ),
  strategy_not_allowed_by_policy: forbidden(
    'A policy does not let this caller choose that strategy.',
    'Leave the strategy out, or name one of error.metadata.allowed.',
  ),
  fusion_not_allowed_by_policy: forbidden(
    'A policy does not let this caller ask several models at once.',
    'Ask for one model.',
  ),
  call_above_policy_cap: forbidden(
    'This call may cost more than a policy lets one call cost.',
    'Lower max_tokens or take a cheaper model: the ceiling has to be at most error.metadata.cap.',
  ),
  key_invalid: unknownCaller(
    'There is no such key.',
    'Check that the whole key was copied: it begins with tp_live_ or tp_test_. A key is shown once, when it is made.',
  ),
  key_expired: unknownCaller(
    'This key has expired.',
    'Use the key that it was rotated into, or have a new one made.',
  ),
  key_revoked: unknownCaller('This key was revoked.', 'Have a new key made; a revoked one never comes back.'),
  key_wrong_environment: unknownCaller(
    'This key belongs to the other kind of server.',
    'Keys with tp_test_ are for dev chains, keys with tp_live_ for all others.',
  ),
  voucher_invalid: unknownCaller(
    'There is no such voucher.',
    'Check that the whole voucher was copied: it begins with tpv_. If you have narrowed it, nothing but a caveat may be appended, and nothing to one that says delegable: false.',
  ),
  voucher_expired: unknownCaller(
    'This voucher has expired.',
    'Ask whoever gave it to you for another one; narrowing cannot make it last longer.',
  ),
  voucher_revoked: unknownCaller(
    'This voucher was revoked, or the key that it was made with is no longer good.',
    'Ask whoever gave it to you for another one. A voucher ends when it is revoked, and when its key is revoked or expires.',
  ),
  voucher_calls_only: forbidden(
    'A voucher calls models, and nothing else.',
    'Send the key of the organisation for that. What a voucher has left is at GET /v1/vouchers/me.',
  ),
  key_kind_mismatch: forbidden(
    'This kind of key is not for that.',
    'Call models with an inference key, and manage the organisation with a management key.',
  ),
  permission_denied: forbidden(
    'You do not hold the permission for that, there.',
    'error.metadata names the permission and the unit; an administrator of that unit or of one above can grant it.',
  ),
  grant_exceeds_own: forbidden(
    'Nobody can grant more than they hold.',
    'Leave out the permissions in error.metadata.missing, or ask someone who holds them.',
  ),
  record_not_found: {
    status: 404,
    type: 'invalid_request_error',
    retryable: false,
    message: 'There is no such record.',
    next: 'Check the id: list what there is with GET on the same resource.',
  },
  not_configured_here: {
    status: 501,
    type: 'api_error',
    retryable: false,
    message: 'This server is not set up for that.',
    next: 'Ask the operator of this server.',
  },
  audit_broken: conflict(
    'The audit log is not as it was written, so no checkpoint is made of it.',
    'Keep the database as it is, and compare it with the last export and checkpoint that you have: turnpike audit verify.',
  ),
  version_conflict: conflict(
    'Somebody else has changed this meanwhile.',
    'Read it again, look at what changed, and send your change with the new version.',
  ),
  unit_cycle: conflict('A unit cannot be moved below itself.', 'Choose a parent that is not below the unit.'),
  unit_too_deep: conflict(
    'The units would be nested deeper than the organisation has levels.',
    'Choose a parent further up; error.metadata has the depth and the limit.',
  ),
  unit_archived: conflict(
    'This unit is archived.',
    'Restore it first, or choose another one. What is archived keeps its history and takes no changes.',
  ),
  unit_in_use: conflict(
    'There are units, members or keys in this unit that are not archived.',
    'Archive or move what error.metadata counts first.',
  ),
  principal_archived: conflict(
    'This member, program or wallet is archived.',
    'Choose another one; what is archived keeps its history and takes no changes.',
  ),
  principal_elsewhere: conflict(
    'It belongs to another organisation.',
    'Members and programs stay in theirs; a wallet has to be let go there before it can be linked here.',
  ),
  name_taken: conflict(
    'Another unit beside it has that name.',
    'Choose a name that is unlike those beside it; capitals and the width of letters do not make a difference.',
  ),
  policy_would_widen: conflict(
    'There the unit would be allowed more than it is now.',
    'Set the rules in error.metadata.rules on the unit itself first; or, if you may change the policies that fall away, send the move again with accepts_widening: true.',
  ),
  withdrawal_above_balance: conflict(
    "The organisation's balance has less than that.",
    'Take at most error.metadata.available_usd; what calls under way hold is free again when they have ended.',
  ),
  invalid_name: invalid(
    'That cannot be a name.',
    'Use 1 to 120 characters of any script, without line breaks and invisible control characters.',
  ),
  invalid_governance_value: invalid(
    'A value of this record is not valid.',
    'Correct the field named in param.',
  ),
})
