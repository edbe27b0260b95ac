import { priceProbe } from '../../call/plan/probe.ts'
import { LIMITS } from '../../lib/limits.ts'
import { formatUsd } from '../../lib/money.ts'
import { CHAT_DIALECT } from '../../chat/answer/chat-dialect.ts'
import type { HttpDependencies } from '../dependencies.ts'
import { networksOf } from './payment-info.ts'
import { SALES } from './sales.ts'
import { WAYS_TO_PAY } from './guidance.ts'

/** Of the example: published packages, none of which is used here. */
const EXAMPLE_IMPORTS = [
  ['x402Client', '@x402/core/client'],
  ['ExactEvmScheme', '@x402/evm/exact/client'],
  ['wrapFetchWithPayment', '@x402/fetch'],
  ['privateKeyToAccount', 'viem/accounts'],
]
  .map(([name, source]) => `import { ${name} } from '${source}'`)
  .join('\n')

/** `/llms.txt`: what a model has to know that wants to call models here. Plain text in Markdown. */
export function buildLlmsText({ url, call }: { url: string; call: HttpDependencies['call'] }): string {
  const { assets } = call.terms
  const networks = networksOf(call.terms)
  const { estimatePicoUsd, ceilingPicoUsd } = priceProbe({ requestHash: '', dependencies: call })
  return `# Turnpike

> A router to language models that is paid per call, in ${[...new Set(assets.map(({ symbol }) => symbol))].join(' or ')} over x402. No account, no key:
> an unpaid request is answered 402 with its price; a signature buys it. The charge is for the tokens really used, never above the offer.

Base URL: ${url}/v1 (Anthropic's SDK: ${url})

## What is paid for

${SALES.map(({ path, description }) => `- POST ${url}${path}: ${description}`).join('\n')}

A usual call to the cheapest model costs about $${formatUsd(estimatePicoUsd)}, at most $${formatUsd(ceilingPicoUsd)}.

## How to pay

Networks: ${networks.join(', ')}. The 402 has offers in the header PAYMENT-REQUIRED (base64 of JSON, x402 v2). Sign one and send the same bytes
again with the header PAYMENT-SIGNATURE. Any x402 client does it; offers come in this order:

${WAYS_TO_PAY.map((way, index) => `${index + 1}. ${way}`).join('\n')}

A request that is sent again after an answer is a second call: set maxRetries to 0 in SDKs.

## Ask the price first

POST ${url}/v1/quotes?for=/v1/chat/completions with the same body: estimate, ceiling, offers that can be signed as they are (they hold for
${LIMITS.quoteSeconds} s), other models with their prices, and where the call would go. Free; nothing is stored.

## Models

GET ${url}/v1/models lists them with prices per token. model is vendor/model, or auto for the cheapest that fits.
max_tokens (max_output_tokens at /v1/responses) bounds the price: set it.

## Say how it was

POST ${url}/v1/feedback {"call_id": "call_…", "rating": "good"} (or score from 0 to 1, and reason out of a list). Free, once per call, for a week: it moves what auto
chooses for calls of yours with the same instructions and tools. x-turnpike-payer: 0x... (your wallet) lets that count before you have paid; x-turnpike-feedback: off on a call keeps its answer from being looked at.

## As tools

POST ${url}/mcp speaks the Model Context Protocol (streamable HTTP): list_models, quote, chat, get_receipt, get_balance. chat is paid in _meta["x402/payment"].

## Errors

Each has error.code, error.message and error.next, which says what to do. x-should-retry says whether the same request may succeed later.
Every code with its status is in ${url}/openapi.json under x-error-codes. 402 again after a payment: sign the fresh offer.

## Example

\`\`\`js
${EXAMPLE_IMPORTS}

const scheme = new ExactEvmScheme(privateKeyToAccount(process.env.WALLET_KEY))
const pay = wrapFetchWithPayment(fetch, new x402Client().register('${networks[0] ?? 'eip155:8453'}', scheme))
const body = JSON.stringify(${JSON.stringify(CHAT_DIALECT.example)})
const answer = await pay('${url}/v1/chat/completions', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
console.log((await answer.json()).choices[0].message.content)
\`\`\`

## More

- [OpenAPI](${url}/openapi.json): every path, field and error
- [x402](${url}/.well-known/x402): what is sold, default offers, addresses
- [Receipts](${url}/v1/calls/{id}): what a call was charged; the id is in x-call-id
`
}
