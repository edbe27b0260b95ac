/** Names of the catalogue that stand for one dated version; the benchmark's `deepseek-chat` is not the one that is sold today. */
const DATED: Readonly<Record<string, string>> = {
  'deepseek/deepseek-chat': 'deepseek-chat-latest',
  'gpt-4o': 'gpt-4o-2024-08-06',
  'gpt-4o-mini': 'gpt-4o-mini-2024-07-18',
  'mistral-nemo': 'mistral-nemo-instruct-2407',
  'qwen-2.5-72b-instruct': 'qwen2.5-72b-instruct',
  'qwen-2.5-7b-instruct': 'qwen2.5-7b-instruct',
  'deepseek.v3': 'deepseek-v3',
}

/**
 * One name for one set of weights, however a benchmark or a provider spells it: no vendor, no host, no precision.
 *
 * @example canonicalName('Meta-Llama-3_1-8B-Instruct') // 'llama-3.1-8b-instruct'
 */
export function canonicalName(name: string): string {
  const known = DATED[name]
  if (known !== undefined) return known
  const plain = name
    .slice(name.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/@.*$/, '')
    .replaceAll('_', '.')
    .replace(/^meta-/, '')
    .replace(/(?:-(?:fast|fp8|bf16))+$/, '')
    .replace(/^(llama.*)-turbo$/, '$1')
    .replace(/-inst$/, '-instruct')
  return DATED[plain] ?? plain
}
