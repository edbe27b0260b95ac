import type { BenchmarkScore } from './types.ts'

/** Where a table was read, and when. */
export type PublishedSource = { readonly address: string; readonly date: string }

type Table = PublishedSource & {
  /** Canonical names, in the order of each row. */
  readonly models: readonly string[]
  /** Benchmark: percent by model; NaN where the table has none. */
  readonly rows: Readonly<Record<string, readonly number[]>>
}

/** Benchmarks and the domain (by its place in DOMAINS of the trained file) that each speaks for. */
const DOMAIN_OF: Readonly<Record<string, number>> = {
  MMLU: 0,
  'MMLU-Pro': 0,
  'GPQA-Diamond': 1,
  'MATH-500': 2,
  'AIME 2025': 2,
  LiveCodeBench: 3,
  'LiveCodeBench (AA)': 3,
  'LiveCodeBench v6': 3,
  'HumanEval-Mul': 3,
  IFEval: 4,
  IFBench: 4,
}

const DATE = '2026-11-26'
const NONE = Number.NaN

const TABLES: readonly Table[] = [
  {
    address: 'https://github.com/deepseek-ai/DeepSeek-V3/blob/main/README.md',
    date: DATE,
    models: [
      'qwen2.5-72b-instruct',
      'llama-3.1-405b-instruct',
      'claude-3-5-sonnet-20241022',
      'gpt-4o-2024-05-13',
      'deepseek-v3',
    ],
    rows: {
      MMLU: [85.3, 88.6, 88.3, 87.2, 88.5],
      'MMLU-Pro': [71.6, 73.3, 78.0, 72.6, 75.9],
      IFEval: [84.1, 86.0, 86.5, 84.3, 86.1],
      'GPQA-Diamond': [49.0, 51.1, 65.0, 49.9, 59.1],
      'HumanEval-Mul': [77.3, 77.2, 81.7, 80.5, 82.6],
      LiveCodeBench: [31.1, 28.4, 36.3, 33.4, 40.5],
      'MATH-500': [80.0, 73.8, 78.3, 74.6, 90.2],
    },
  },
  {
    address: 'https://github.com/deepseek-ai/DeepSeek-R1/blob/main/README.md',
    date: DATE,
    models: [
      'o1-mini-2024-09-12',
      'o1',
      'deepseek-r1',
      'deepseek-r1-distill-qwen-1.5b',
      'deepseek-r1-distill-qwen-7b',
      'deepseek-r1-distill-qwen-14b',
      'deepseek-r1-distill-qwen-32b',
      'deepseek-r1-distill-llama-8b',
      'deepseek-r1-distill-llama-70b',
    ],
    rows: {
      MMLU: [85.2, 91.8, 90.8, NONE, NONE, NONE, NONE, NONE, NONE],
      'MMLU-Pro': [80.3, NONE, 84.0, NONE, NONE, NONE, NONE, NONE, NONE],
      IFEval: [84.8, NONE, 83.3, NONE, NONE, NONE, NONE, NONE, NONE],
      'GPQA-Diamond': [60.0, 75.7, 71.5, 33.8, 49.1, 59.1, 62.1, 49.0, 65.2],
      LiveCodeBench: [53.8, 63.4, 65.9, 16.9, 37.6, 53.1, 57.2, 39.6, 57.5],
      'MATH-500': [90.0, 96.4, 97.3, 83.9, 92.8, 93.9, 94.3, 89.1, 94.5],
    },
  },
  {
    address: 'https://github.com/MoonshotAI/Kimi-K2/blob/main/README.md',
    date: DATE,
    models: [
      'kimi-k2',
      'deepseek-chat-v3-0324',
      'qwen3-235b-a22b',
      'claude-sonnet-4',
      'claude-opus-4',
      'gpt-4.1',
      'gemini-2.5-flash',
    ],
    rows: {
      MMLU: [89.5, 89.4, 87.0, 91.5, 92.9, 90.4, 90.1],
      'MMLU-Pro': [81.1, 81.2, 77.3, 83.7, 86.6, 81.8, 79.4],
      IFEval: [89.8, 81.1, 83.2, 87.6, 87.4, 88.0, 84.3],
      'GPQA-Diamond': [75.1, 68.4, 62.9, 70.0, 74.9, 66.3, 68.2],
      'LiveCodeBench v6': [53.7, 46.9, 37.0, 48.5, 47.4, 44.7, 44.7],
      'MATH-500': [97.4, 94.0, 91.2, 94.0, 94.4, 92.4, 95.4],
    },
  },
  {
    address: 'https://github.com/MiniMax-AI/MiniMax-M2/blob/main/README.md',
    date: DATE,
    models: [
      'minimax-m2',
      'claude-sonnet-4',
      'claude-sonnet-4.5',
      'gemini-2.5-pro',
      'gpt-5',
      'glm-4.6',
      'kimi-k2-0905',
      'deepseek-v3.2',
    ],
    rows: {
      'AIME 2025': [78, 74, 88, 88, 94, 86, 57, 88],
      'MMLU-Pro': [82, 84, 88, 86, 87, 83, 82, 85],
      'GPQA-Diamond': [78, 78, 83, 84, 85, 78, 77, 80],
      'LiveCodeBench (AA)': [83, 66, 71, 80, 85, 70, 61, 79],
      IFBench: [72, 55, 57, 49, 73, 43, 42, 54],
    },
  },
  {
    address:
      'https://github.com/terry623/ai-leaderboard-gemini-cli/blob/main/data/2025-07-06/llm-stats-leaderboard.md',
    date: '2025-07-06',
    models: [
      'grok-3',
      'grok-3-mini',
      'o3',
      'o4-mini',
      'deepseek-r1-0528',
      'o1-pro',
      'o3-mini',
      'llama-3.1-nemotron-ultra-253b-v1',
      'llama-4-maverick',
      'gpt-4.1-mini',
      'qwen3-30b-a3b',
    ],
    rows: {
      'GPQA-Diamond': [84.6, 84.6, 83.3, 81.4, 81.0, 79.0, 77.2, 76.0, 69.8, 65.0, 65.8],
      MMLU: [NONE, NONE, NONE, NONE, NONE, NONE, 86.9, NONE, 85.5, 87.5, NONE],
      'MMLU-Pro': [NONE, NONE, NONE, NONE, 85.0, NONE, NONE, NONE, 80.5, NONE, NONE],
    },
  },
]

/** Scores that others have published, each of which names its table's address and date. */
export const PUBLISHED_SCORES: readonly (BenchmarkScore & PublishedSource)[] = TABLES.flatMap(
  ({ models, rows, address, date }) =>
    Object.entries(rows).flatMap(([benchmark, percents]) =>
      models.flatMap((model, index) => {
        const percent = percents[index]
        const domain = DOMAIN_OF[benchmark]
        if (percent === undefined || Number.isNaN(percent) || domain === undefined) return []
        return [{ model, benchmark, domain, score: percent / 100, kind: 'published' as const, address, date }]
      }),
    ),
)
