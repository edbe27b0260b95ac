import type { Seller } from './sellers.ts'

/** One vendor, one name: how hosts write it, and how model ids do. */
const VENDORS: Readonly<Record<string, string>> = {
  'deepseek-ai': 'deepseek',
  meta: 'meta-llama',
  minimaxai: 'minimax',
  mistral: 'mistralai',
  'x-ai': 'xai',
  xiaomimimo: 'xiaomi',
  'zai-org': 'z-ai',
}

/** Two spellings of one model, each as the rules above them leave it. Reviewed by hand; what is not here stays apart. */
const SAME: Readonly<Record<string, string>> = {
  'anthropic/claude-opus-4.0': 'anthropic/claude-opus-4',
  'anthropic/claude-sonnet-4.0': 'anthropic/claude-sonnet-4',
  'deepseek/deepseek-v3-0324': 'deepseek/deepseek-chat-v3-0324',
  'deepseek/deepseek-v3.1': 'deepseek/deepseek-chat-v3.1',
  'meta-llama/llama-4-maverick-17b-128e-instruct': 'meta-llama/llama-4-maverick',
  'meta-llama/llama-4-maverick-17b-128e-instruct-fp8': 'meta-llama/llama-4-maverick',
  'meta-llama/llama-4-scout-17b-16e-instruct': 'meta-llama/llama-4-scout',
  'moonshotai/kimi-k2-instruct': 'moonshotai/kimi-k2',
  'moonshotai/kimi-k2-instruct-0905': 'moonshotai/kimi-k2-0905',
  'nvidia/nvidia-nemotron-3-ultra-550b-a55b': 'nvidia/nemotron-3-ultra-550b-a55b',
  'qwen/qwen-2.5-vl-72b-instruct': 'qwen/qwen2.5-vl-72b-instruct',
  'qwen/qwen-2.5-vl-7b-instruct': 'qwen/qwen2.5-vl-7b-instruct',
  'qwen/qwen2.5-72b-instruct': 'qwen/qwen-2.5-72b-instruct',
  'qwen/qwen2.5-7b-instruct': 'qwen/qwen-2.5-7b-instruct',
  'qwen/qwen2.5-coder-32b-instruct': 'qwen/qwen-2.5-coder-32b-instruct',
  'qwen/qwen3-235b-a22b-instruct-2507': 'qwen/qwen3-235b-a22b-2507',
  'qwen/qwen3-coder-480b-a35b-instruct': 'qwen/qwen3-coder',
  'xai/grok-4': 'xai/grok-4-0709',
}

/** Anthropic's API writes a version with hyphens, its hosts with a point. */
const withPoint = (id: string) => (id.startsWith('anthropic/') ? id.replace(/-(\d)-(\d)$/, '-$1.$2') : id)

/**
 * The `vendor/model` that an offer is. In this order: the seller's reviewed table; the seller's own vendor before a bare
 * name; the vendor that the name carries. Everything else stays a model of the seller's own: `seller/name`.
 *
 * @example modelIdOf({ name: 'deepseek-ai/DeepSeek-V3.1', seller }) // 'deepseek/deepseek-chat-v3.1'
 */
export function modelIdOf({
  name,
  seller: { provider, vendor, names = {} },
}: {
  name: string
  seller: Pick<Seller, 'provider' | 'vendor' | 'names'>
}): string {
  const listed = names[name]
  if (listed) return listed
  const plain = name.toLowerCase().replace(/^@cf\//, '')
  const [first = '', ...rest] = plain.split('/')
  const carried = rest.length === 1 && !vendor ? `${VENDORS[first] ?? first}/${rest[0]}` : undefined
  const id = withPoint(carried ?? `${vendor ?? provider}/${plain.replaceAll('/', '-')}`)
  return SAME[id] ?? id
}
