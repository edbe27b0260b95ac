import { CALL_ERRORS } from './call.ts'
import { CHAT_ERRORS } from './chat.ts'
import { FACILITATOR_ERRORS } from './facilitator.ts'
import { GOVERNANCE_ERRORS } from './governance.ts'
import { HTTP_ERRORS } from './http.ts'
import { PAYMENT_ERRORS } from './payment.ts'
import { ROUTING_ERRORS } from './routing.ts'
import { SIGN_IN_ERRORS } from './sign-in.ts'
import { WEBHOOK_ERRORS } from './webhooks.ts'
import type { ErrorSpec } from './define.ts'

/** Every error code of the product. One file per room that raises them; a code exists once. */
export const ERRORS = {
  ...HTTP_ERRORS,
  ...CHAT_ERRORS,
  ...ROUTING_ERRORS,
  ...CALL_ERRORS,
  ...PAYMENT_ERRORS,
  ...FACILITATOR_ERRORS,
  ...GOVERNANCE_ERRORS,
  ...WEBHOOK_ERRORS,
  ...SIGN_IN_ERRORS,
}

export type ErrorCode = keyof typeof ERRORS

export const errorSpec = (code: ErrorCode): ErrorSpec => ERRORS[code]
