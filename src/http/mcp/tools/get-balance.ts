import { invalidField } from '../../../chat/check-options.ts'
import { LIMITS } from '../../../lib/limits.ts'
import { SIGN_IN } from '../../../payment/sign-in/sign-in.ts'
import { onlyKnown, readWords } from '../read-arguments.ts'
import { resultOf, signInRefusal } from '../results.ts'
import type { Tool } from '../tool.ts'

/** Nothing else may get into a header. */
const BASE64 = /^[A-Za-z0-9+/=_-]+$/

/** GET /v1/credit for the wallet that proves itself. */
export const getBalance: Tool = {
  name: 'get_balance',
  title: "A wallet's credit",
  description:
    "The credit and withdrawals of the wallet that signs in. Without sign_in it answers with a challenge (x402's sign-in-with-x); sign it and call again with the value of the header SIGN-IN-WITH-X. Free.",
  inputSchema: {
    type: 'object',
    properties: {
      sign_in: {
        type: 'string',
        maxLength: LIMITS.paymentHeaderBytes,
        description: 'Base64 of the signed challenge, as in the header SIGN-IN-WITH-X.',
      },
    },
    additionalProperties: false,
  },
  isFree: true,
  run: async ({ given, ask }) => {
    onlyKnown({ given, known: ['sign_in'] })
    const proof = readWords({ given, name: 'sign_in', maxChars: LIMITS.paymentHeaderBytes })
    if (proof !== undefined && !BASE64.test(proof)) throw invalidField('sign_in', 'must be base64.')
    const answer = await ask({
      method: 'GET',
      path: '/v1/credit',
      ...(proof === undefined ? {} : { headers: { [SIGN_IN]: proof } }),
    })
    return answer.status === 402 ? signInRefusal(answer) : resultOf({ answer, tool: 'get_balance' })
  },
}
