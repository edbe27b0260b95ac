/** Pairs and pools of models that the measurements speak of (the reference's). */
export type Pair = {
  readonly name: string
  readonly source: string
  readonly strong: string
  readonly weak: string
}

const [STRONG, WEAK] = ['gpt-4-1106-preview', 'mistralai/Mixtral-8x7B-Instruct-v0.1']

export const PAIRS: readonly Pair[] = [
  { name: 'mmlu', source: 'routellm-mmlu', strong: STRONG, weak: WEAK },
  { name: 'gsm8k', source: 'routellm-gsm8k', strong: STRONG, weak: WEAK },
  { name: 'mmluPro', source: 'mmlu-pro', strong: 'gemini-1.5-pro-002', weak: 'Meta-Llama-3_1-8B-Instruct' },
  {
    name: 'zeroeval',
    source: 'zeroeval',
    strong: 'claude-3-5-sonnet-20241022',
    weak: 'Meta-Llama-3.1-8B-Instruct',
  },
]

export type Pool = { readonly name: string; readonly source: string; readonly models: readonly string[] }

/** Whose operating points are measured. */
export const POOLS: readonly Pool[] = [
  { name: 'mmlu', source: 'routellm-mmlu', models: [STRONG, WEAK] },
  {
    name: 'mmluPro',
    source: 'mmlu-pro',
    models: [
      'gemini-1.5-pro-002',
      'gemini-1.5-flash-002',
      'Meta-Llama-3_1-70B-Instruct',
      'Meta-Llama-3_1-8B-Instruct',
      'Mixtral-8x7B-Instruct-v0.1',
      'Phi-3-mini-4k-instruct',
      'Qwen1.5-72B-Chat',
      'jamba-1.5-large',
    ],
  },
  {
    name: 'zeroeval',
    source: 'zeroeval',
    models: [
      'claude-3-5-sonnet-20241022',
      'claude-3-opus-20240229',
      'claude-3-haiku-20240307',
      'gpt-4o-2024-08-06',
      'gpt-4o-mini-2024-07-18',
      'gpt-3.5-turbo-0125',
      'gemini-1.5-pro',
      'gemini-1.5-flash',
      'Meta-Llama-3.1-70B-Instruct',
      'Meta-Llama-3.1-8B-Instruct',
      'Mistral-Large-2',
      'gemma-2-9b-it',
    ],
  },
  {
    name: 'ulab',
    source: 'ulab-llmrouter',
    models: [
      'llama-3.3-nemotron-super-49b-v1',
      'llama-3.1-nemotron-51b-instruct',
      'llama-3.1-8b-instruct',
      'gemma-2-9b-it',
      'qwen2.5-7b-instruct',
      'mistral-7b-instruct-v0.3',
    ],
  },
]

/** The pools, and the pair that is too few rows for an operating point. */
export const LEFT_OUT: readonly Pool[] = [
  ...POOLS,
  { name: 'gsm8k', source: 'routellm-gsm8k', models: [STRONG, WEAK] },
]
