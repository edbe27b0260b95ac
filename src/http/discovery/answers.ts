import { listOf, OBJECT, type Schema, type Schemas, TEXT } from '../../chat/schema.ts'
import { maybe, some, WHOLE } from './answer-shapes.ts'
import { CALLER_ANSWERS } from './caller-answers.ts'

const SAVING: Schema = {
  ...some({ model: TEXT, charge_usd: TEXT, saved_usd: TEXT }),
  description:
    'What this model would have been charged for the same tokens, without settlement fee, and how much less was charged.',
}

/** What stands in every answer that was paid for. */
export const TURNPIKE: Schema = some(
  {
    call_id: TEXT,
    charge: { ...TEXT, description: 'What was charged, in atomic units of the token.' },
    ceiling: { ...TEXT, description: 'What could have been charged at most.' },
    asset: TEXT,
    network: TEXT,
    decimals: WHOLE,
    charge_usd: TEXT,
    output_cap: WHOLE,
    model: { ...TEXT, description: 'The one that has answered.' },
    strategy: TEXT,
    reason: { ...TEXT, description: 'Why it went there, in one line.' },
    savings: some({ baseline: SAVING, static: SAVING }),
    usage_estimated: { type: 'boolean' },
    simulated: { type: 'boolean' },
  },
  ['call_id', 'charge', 'ceiling', 'asset', 'network', 'decimals', 'charge_usd', 'output_cap', 'reason'],
)

export type Answer = {
  readonly schema: Schema
  /** As short as it can be: registries are shown it. */
  readonly example: Readonly<Record<string, unknown>>
  readonly isStreamable: boolean
}

const TURNPIKE_REF: Schema = { $ref: '#/components/schemas/Turnpike' }

/** Answers of the paid paths, as far as callers rely on them; providers may add to them. */
export const ANSWERS: ReadonlyMap<string, Answer> = new Map([
  [
    '/v1/chat/completions',
    {
      isStreamable: true,
      schema: some({
        id: TEXT,
        object: { const: 'chat.completion' },
        created: WHOLE,
        model: TEXT,
        choices: listOf(
          some({
            index: WHOLE,
            message: some({ role: { const: 'assistant' }, content: maybe('string') }),
            finish_reason: maybe('string'),
          }),
        ),
        usage: some({
          prompt_tokens: WHOLE,
          completion_tokens: WHOLE,
          total_tokens: WHOLE,
          cost: { type: 'number' },
        }),
        turnpike: TURNPIKE_REF,
      }),
      example: {
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
      },
    },
  ],
  [
    '/v1/responses',
    {
      isStreamable: true,
      schema: some({
        id: TEXT,
        object: { const: 'response' },
        status: { enum: ['completed', 'incomplete'] },
        model: TEXT,
        output: listOf(some({ id: TEXT, type: { enum: ['message', 'function_call', 'reasoning'] } })),
        usage: some({
          input_tokens: WHOLE,
          output_tokens: WHOLE,
          total_tokens: WHOLE,
          cost: { type: 'number' },
        }),
        turnpike: TURNPIKE_REF,
      }),
      example: {
        object: 'response',
        output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] }],
      },
    },
  ],
  [
    '/v1/messages',
    {
      isStreamable: true,
      schema: some({
        id: TEXT,
        type: { const: 'message' },
        role: { const: 'assistant' },
        model: TEXT,
        content: listOf(some({ type: { enum: ['text', 'tool_use', 'thinking', 'redacted_thinking'] } })),
        stop_reason: maybe('string'),
        usage: some({ input_tokens: WHOLE, output_tokens: WHOLE, cost: { type: 'number' } }),
        turnpike: TURNPIKE_REF,
      }),
      example: { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Hi' }] },
    },
  ],
  [
    '/v1/embeddings',
    {
      isStreamable: false,
      schema: some({
        object: { const: 'list' },
        data: listOf(some({ index: WHOLE, embedding: { anyOf: [listOf({ type: 'number' }), TEXT] } })),
        usage: some({ prompt_tokens: WHOLE, total_tokens: WHOLE, cost: { type: 'number' } }),
        turnpike: TURNPIKE_REF,
      }),
      example: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.1] }] },
    },
  ],
  [
    '/v1/credit',
    {
      isStreamable: false,
      schema: { $ref: '#/components/schemas/Credit' },
      example: { object: 'credit', balances: [{ symbol: 'USDC', available: '1000000', available_usd: '1' }] },
    },
  ],
])

const NUMBER: Schema = { type: 'number' }

/** docs/ROUTING.md says what each of them means. */
const EXPLANATION: Schema = some({
  strategy: some({ name: TEXT, weights: OBJECT, floor: NUMBER, caution: NUMBER }),
  reference: some({ price_usd: NUMBER, latency_ms: NUMBER }),
  candidates: listOf(
    some({ endpoint: TEXT, model: TEXT, score: NUMBER, terms: OBJECT, inputs: OBJECT, estimate: OBJECT }),
  ),
  others: listOf(some({ endpoint: TEXT, model: TEXT, inputs: OBJECT })),
  uncompared: WHOLE,
  runner_up: maybe('object'),
  expected: some({ input_tokens: WHOLE, output_tokens: WHOLE }),
  considered: WHOLE,
  passed: WHOLE,
  filters: listOf(some({ code: TEXT, count: WHOLE, why: TEXT })),
  baselines: some({ baseline: TEXT, static: TEXT }),
})

const OFFERS = listOf({ $ref: '#/components/schemas/Offer' })

/** What the free paths answer, by its name among the components. */
export const FREE_ANSWERS: Schemas = {
  ...CALLER_ANSWERS,
  Model: some(
    {
      id: TEXT,
      object: { const: 'model' },
      created: WHOLE,
      owned_by: TEXT,
      name: TEXT,
      kind: { enum: ['chat', 'embedding'] },
      context_length: { type: ['integer', 'null'] },
      max_output_tokens: { type: ['integer', 'null'] },
      architecture: OBJECT,
      capabilities: OBJECT,
      available: { type: 'boolean' },
      pricing: { ...maybe('object'), description: 'USD per token, as the caller pays it.' },
    },
    ['id', 'object', 'kind', 'available', 'pricing'],
  ),
  Models: some({ object: { const: 'list' }, data: listOf({ $ref: '#/components/schemas/Model' }) }),
  Call: some({
    object: { const: 'call' },
    id: TEXT,
    state: TEXT,
    model: TEXT,
    scheme: TEXT,
    network: TEXT,
    asset: TEXT,
    decimals: WHOLE,
    ceiling: TEXT,
    charge: maybe('string'),
    charge_usd: maybe('string'),
    outcome: maybe('string'),
    error_code: maybe('string'),
    transaction: maybe('string'),
    created_at: TEXT,
    ended_at: maybe('string'),
  }),
  OwnCalls: some({
    object: { const: 'list' },
    data: listOf({ $ref: '#/components/schemas/Call' }),
    first_id: maybe('string'),
    last_id: maybe('string'),
    has_more: { type: 'boolean' },
  }),
  Credit: some({
    object: { const: 'credit' },
    payer: TEXT,
    balances: listOf(
      some({
        network: TEXT,
        asset: TEXT,
        symbol: TEXT,
        decimals: WHOLE,
        available: TEXT,
        available_usd: TEXT,
      }),
    ),
    withdrawals: listOf({ $ref: '#/components/schemas/Withdrawal' }),
  }),
  Feedback: some({
    object: { const: 'feedback' },
    call_id: TEXT,
    score: { type: 'number', minimum: 0, maximum: 1 },
    reason: maybe('string'),
    replaced: { type: 'boolean', description: 'Whether it took the place of an earlier word.' },
  }),
  Withdrawal: some({
    object: { const: 'withdrawal' },
    id: TEXT,
    state: TEXT,
    network: TEXT,
    asset: TEXT,
    decimals: { type: ['integer', 'null'] },
    amount: TEXT,
    fee: TEXT,
    transaction: maybe('string'),
    created_at: TEXT,
  }),
  TokenCount: some({ input_tokens: WHOLE }),
  Quote: some(
    {
      object: { const: 'quote' },
      id: TEXT,
      model: TEXT,
      endpoint: TEXT,
      strategy: TEXT,
      estimate: { ...TEXT, description: 'USD, before the settlement fee.' },
      ceiling: { ...TEXT, description: 'USD, before the settlement fee; a charge never exceeds an offer.' },
      output_cap: WHOLE,
      expires_at: TEXT,
      hint: TEXT,
      simulated: { type: 'boolean' },
      x402Version: { const: 2 },
      resource: OBJECT,
      accepts: OFFERS,
      alternatives: listOf(
        some({
          model: TEXT,
          endpoint: TEXT,
          estimate: TEXT,
          ceiling: TEXT,
          output_cap: WHOLE,
          offers: listOf(some({ scheme: TEXT, network: TEXT, asset: TEXT, symbol: TEXT, amount: TEXT })),
        }),
      ),
      plan: listOf(some({ endpoint: TEXT, model: TEXT, provider: TEXT, region: TEXT, reason: TEXT })),
      reason: TEXT,
      explanation: EXPLANATION,
    },
    [
      'object',
      'id',
      'model',
      'endpoint',
      'estimate',
      'ceiling',
      'output_cap',
      'expires_at',
      'accepts',
      'alternatives',
      'plan',
    ],
  ),
  Health: some({ status: TEXT }),
  Readiness: some({
    status: { enum: ['ready', 'not_ready'] },
    checks: listOf(some({ name: TEXT, ok: { type: 'boolean' }, duration_ms: { type: 'number' } })),
  }),
}

/** What a 402 says. */
export const PAYMENT_ANSWERS: Schemas = {
  Offer: some({
    scheme: { enum: ['batch-settlement', 'upto', 'exact'] },
    network: { ...TEXT, description: 'CAIP-2.' },
    amount: { ...TEXT, description: 'The most that is charged, in atomic units of the asset.' },
    asset: TEXT,
    payTo: TEXT,
    maxTimeoutSeconds: WHOLE,
    extra: OBJECT,
  }),
  PaymentRequired: some(
    {
      x402Version: { const: 2 },
      error: TEXT,
      resource: some({ url: TEXT, description: TEXT, mimeType: TEXT }),
      accepts: OFFERS,
      extensions: OBJECT,
    },
    ['x402Version', 'resource', 'accepts'],
  ),
  PaymentRequiredBody: some({
    x402Version: { const: 1 },
    accepts: listOf(OBJECT),
    error: {
      $ref: '#/components/schemas/PriceError',
    },
  }),
  PriceError: some(
    {
      message: TEXT,
      type: { const: 'payment_required' },
      param: maybe('string'),
      code: TEXT,
      next: TEXT,
      estimate_usd: TEXT,
      ceiling_usd: TEXT,
      output_cap: WHOLE,
      quote_expires_at: TEXT,
      hint: TEXT,
    },
    [
      'message',
      'type',
      'param',
      'code',
      'next',
      'estimate_usd',
      'ceiling_usd',
      'output_cap',
      'quote_expires_at',
    ],
  ),
  Turnpike: TURNPIKE,
}
