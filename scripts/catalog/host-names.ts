/**
 * The reviewed tables of hosts' own names. A row is a claim that the weights are the same; a name without a row stays a
 * model of its own. Hosts that quantise say so on their pages; a host that puts it into the name stays apart.
 */
type Names = Readonly<Record<string, string>>

export const GROQ_NAMES: Names = {
  'llama-3.1-8b-instant': 'meta-llama/llama-3.1-8b-instruct',
  'llama-3.3-70b-versatile': 'meta-llama/llama-3.3-70b-instruct',
  'deepseek-r1-distill-llama-70b': 'deepseek/deepseek-r1-distill-llama-70b',
}

export const CEREBRAS_NAMES: Names = {
  'gemma-4-31b': 'google/gemma-4-31b-it',
  'gpt-oss-120b': 'openai/gpt-oss-120b',
}

export const TOGETHER_NAMES: Names = {
  'meta-llama/Llama-3.3-70B-Instruct-Turbo': 'meta-llama/llama-3.3-70b-instruct',
  'meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo': 'meta-llama/llama-3.1-405b-instruct',
  'meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo': 'meta-llama/llama-3.1-70b-instruct',
  'meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo': 'meta-llama/llama-3.1-8b-instruct',
}

export const FIREWORKS_NAMES: Names = {
  'deepseek-r1-0528': 'deepseek/deepseek-r1-0528',
  'deepseek-v3-0324': 'deepseek/deepseek-chat-v3-0324',
  'deepseek-v3p2': 'deepseek/deepseek-v3.2',
  'deepseek-v4-flash': 'deepseek/deepseek-v4-flash',
  'deepseek-v4-pro': 'deepseek/deepseek-v4-pro',
  'gemma-3-27b-it': 'google/gemma-3-27b-it',
  'glm-4p7': 'z-ai/glm-4.7',
  'glm-5p1': 'z-ai/glm-5.1',
  'glm-5p2': 'z-ai/glm-5.2',
  'gpt-oss-120b': 'openai/gpt-oss-120b',
  'gpt-oss-20b': 'openai/gpt-oss-20b',
  inkling: 'thinkingmachines/inkling',
  'kimi-k2p5': 'moonshotai/kimi-k2.5',
  'kimi-k2p6': 'moonshotai/kimi-k2.6',
  'kimi-k2p7-code': 'moonshotai/kimi-k2.7-code',
  'kimi-k3': 'moonshotai/kimi-k3',
  'llama-v3p1-8b-instruct': 'meta-llama/llama-3.1-8b-instruct',
  'llama4-maverick-instruct-basic': 'meta-llama/llama-4-maverick',
  'minimax-m2p1': 'minimax/minimax-m2.1',
  'minimax-m2p7': 'minimax/minimax-m2.7',
  'minimax-m3': 'minimax/minimax-m3',
  'qwen2p5-vl-72b-instruct': 'qwen/qwen2.5-vl-72b-instruct',
  'qwen3-235b-a22b': 'qwen/qwen3-235b-a22b',
  'qwen3p6-plus': 'qwen/qwen3.6-plus',
  'qwen3p7-plus': 'qwen/qwen3.7-plus',
}

export const BEDROCK_NAMES: Names = {
  'google.gemma-3-12b-it': 'google/gemma-3-12b-it',
  'google.gemma-3-27b-it': 'google/gemma-3-27b-it',
  'google.gemma-3-4b-it': 'google/gemma-3-4b-it',
  'mistral.devstral-2-123b': 'mistralai/devstral-2512',
  'mistral.ministral-3-14b-instruct': 'mistralai/ministral-14b-2512',
  'mistral.ministral-3-3b-instruct': 'mistralai/ministral-3b-2512',
  'mistral.ministral-3-8b-instruct': 'mistralai/ministral-8b-2512',
  'mistral.mistral-large-3-675b-instruct': 'mistralai/mistral-large-2512',
  'openai.gpt-5.4': 'openai/gpt-5.4',
  'openai.gpt-5.5': 'openai/gpt-5.5',
  'openai.gpt-oss-120b-1:0': 'openai/gpt-oss-120b',
  'openai.gpt-oss-20b-1:0': 'openai/gpt-oss-20b',
  'qwen.qwen3-32b-v1:0': 'qwen/qwen3-32b',
  'qwen.qwen3-coder-30b-a3b-v1:0': 'qwen/qwen3-coder-30b-a3b-instruct',
  'qwen.qwen3-coder-480b-a35b-v1:0': 'qwen/qwen3-coder',
}

export const COHERE_NAMES: Names = {
  'command-r': 'cohere/command-r-08-2024',
  'command-r-plus': 'cohere/command-r-plus-08-2024',
  'command-r7b': 'cohere/command-r7b-12-2024',
}

export const OVHCLOUD_NAMES: Names = {
  'DeepSeek-R1-Distill-Llama-70B': 'deepseek/deepseek-r1-distill-llama-70b',
  'Llama-3.1-8B-Instruct': 'meta-llama/llama-3.1-8b-instruct',
  'Meta-Llama-3_3-70B-Instruct': 'meta-llama/llama-3.3-70b-instruct',
  'Mistral-Small-3.2-24B-Instruct-2506': 'mistralai/mistral-small-3.2-24b-instruct',
  'Qwen2.5-VL-72B-Instruct': 'qwen/qwen2.5-vl-72b-instruct',
  'Qwen3-32B': 'qwen/qwen3-32b',
  'Qwen3-Coder-30B-A3B-Instruct': 'qwen/qwen3-coder-30b-a3b-instruct',
  'bge-m3': 'baai/bge-m3',
  'bge-base-en-v1.5': 'baai/bge-base-en-v1.5',
  'gpt-oss-120b': 'openai/gpt-oss-120b',
  'gpt-oss-20b': 'openai/gpt-oss-20b',
}
