/** Coarse domains of what is asked; priors are kept by them. */
export const DOMAINS = ['knowledge', 'science', 'mathematics', 'code', 'language'] as const

const PATTERNS: readonly (readonly [RegExp, number])[] = [
  [/mathemat|gsm8k|\/math|algebra|statistics|mgsm/, 2],
  [/crux|human_eval|mbpp|coding|computer.science|machine_learning/, 3],
  [/physics|chemistry|engineering|formal_logic|astronomy/, 1],
  [/commongen|mtbench|logicgrid/, 4],
]

/** @param task `source/task`. */
export const domainOf = (task: string): number => PATTERNS.find(([pattern]) => pattern.test(task))?.[1] ?? 0
