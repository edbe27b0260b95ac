import type { PrefixStyle, UpstreamDialect } from '../chat/dialect-limits.ts'

export type ProviderRow = {
  readonly id: string
  readonly name: string
  readonly dialect: UpstreamDialect
  /** Absent: the address is the operator's own (`<PREFIX>_BASE_URL`). */
  readonly baseUrl?: string
  /** Of its variables: `<PREFIX>_API_KEY` and `<PREFIX>_BASE_URL`. */
  readonly prefix: string
  /** A local server may be asked without a key, as soon as its address is set. */
  readonly isLocal?: boolean
  /**
   * Its documents say how it goes on from a beginning of an answer. DeepSeek does so only at another address (`/beta`), so it is not
   * marked. A model that refuses one nevertheless answers 400, and the call ends as it would have without.
   */
  readonly continues?: PrefixStyle
}

/** Every provider that can be reached: a new one is a row here and a row in scripts/catalog/sellers.ts. */
export const PROVIDERS: readonly ProviderRow[] = [
  {
    id: 'alibaba',
    name: 'Alibaba Cloud',
    dialect: 'openai',
    prefix: 'DASHSCOPE',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    continues: 'partial',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    dialect: 'anthropic',
    prefix: 'ANTHROPIC',
    baseUrl: 'https://api.anthropic.com/v1',
    continues: 'plain',
  },
  { id: 'avian', name: 'Avian', dialect: 'openai', prefix: 'AVIAN', baseUrl: 'https://api.avian.io/v1' },
  { id: 'azure', name: 'Azure OpenAI', dialect: 'openai', prefix: 'AZURE' },
  {
    id: 'baseten',
    name: 'Baseten',
    dialect: 'openai',
    prefix: 'BASETEN',
    baseUrl: 'https://inference.baseten.co/v1',
  },
  {
    id: 'bedrock',
    name: 'Amazon Bedrock',
    dialect: 'openai',
    prefix: 'BEDROCK',
    baseUrl: 'https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1',
  },
  {
    id: 'cerebras',
    name: 'Cerebras',
    dialect: 'openai',
    prefix: 'CEREBRAS',
    baseUrl: 'https://api.cerebras.ai/v1',
  },
  { id: 'cloudflare', name: 'Cloudflare Workers AI', dialect: 'openai', prefix: 'CLOUDFLARE' },
  {
    id: 'cohere',
    name: 'Cohere',
    dialect: 'openai',
    prefix: 'COHERE',
    baseUrl: 'https://api.cohere.ai/compatibility/v1',
  },
  {
    id: 'deepseek',
    name: 'DeepSeek',
    dialect: 'openai',
    prefix: 'DEEPSEEK',
    baseUrl: 'https://api.deepseek.com',
  },
  {
    id: 'doubleword',
    name: 'Doubleword',
    dialect: 'openai',
    prefix: 'DOUBLEWORD',
    baseUrl: 'https://api.doubleword.ai/v1',
  },
  {
    id: 'fireworks',
    name: 'Fireworks AI',
    dialect: 'openai',
    prefix: 'FIREWORKS',
    baseUrl: 'https://api.fireworks.ai/inference/v1',
  },
  {
    id: 'google',
    name: 'Google Gemini',
    dialect: 'google',
    prefix: 'GEMINI',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    continues: 'plain',
  },
  { id: 'groq', name: 'Groq', dialect: 'openai', prefix: 'GROQ', baseUrl: 'https://api.groq.com/openai/v1' },
  {
    id: 'huggingface',
    name: 'Hugging Face router',
    dialect: 'openai',
    prefix: 'HUGGINGFACE',
    baseUrl: 'https://router.huggingface.co/v1',
  },
  {
    id: 'minimax',
    name: 'MiniMax',
    dialect: 'openai',
    prefix: 'MINIMAX',
    baseUrl: 'https://api.minimax.io/v1',
  },
  {
    id: 'mistral',
    name: 'Mistral',
    dialect: 'openai',
    prefix: 'MISTRAL',
    baseUrl: 'https://api.mistral.ai/v1',
    continues: 'prefix',
  },
  {
    id: 'moonshotai',
    name: 'Moonshot AI',
    dialect: 'openai',
    prefix: 'MOONSHOT',
    baseUrl: 'https://api.moonshot.ai/v1',
    continues: 'partial',
  },
  {
    id: 'novita',
    name: 'Novita AI',
    dialect: 'openai',
    prefix: 'NOVITA',
    baseUrl: 'https://api.novita.ai/openai/v1',
  },
  { id: 'ollama', name: 'Ollama', dialect: 'openai', prefix: 'OLLAMA', isLocal: true },
  { id: 'openai', name: 'OpenAI', dialect: 'openai', prefix: 'OPENAI', baseUrl: 'https://api.openai.com/v1' },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    dialect: 'openai',
    prefix: 'OPENROUTER',
    baseUrl: 'https://openrouter.ai/api/v1',
    continues: 'plain',
  },
  {
    id: 'ovhcloud',
    name: 'OVHcloud',
    dialect: 'openai',
    prefix: 'OVHCLOUD',
    baseUrl: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
  },
  {
    id: 'perplexity',
    name: 'Perplexity',
    dialect: 'openai',
    prefix: 'PERPLEXITY',
    baseUrl: 'https://api.perplexity.ai',
  },
  {
    id: 'together',
    name: 'Together AI',
    dialect: 'openai',
    prefix: 'TOGETHER',
    baseUrl: 'https://api.together.xyz/v1',
  },
  { id: 'vllm', name: 'vLLM', dialect: 'openai', prefix: 'VLLM', isLocal: true },
  {
    id: 'voyageai',
    name: 'Voyage AI',
    dialect: 'openai',
    prefix: 'VOYAGE',
    baseUrl: 'https://api.voyageai.com/v1',
  },
  { id: 'xai', name: 'xAI', dialect: 'openai', prefix: 'XAI', baseUrl: 'https://api.x.ai/v1' },
  { id: 'z-ai', name: 'Z.ai', dialect: 'openai', prefix: 'ZAI', baseUrl: 'https://api.z.ai/api/paas/v4' },
  {
    id: 'zhipuai',
    name: 'Zhipu AI',
    dialect: 'openai',
    prefix: 'ZHIPU',
    baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
  },
]
