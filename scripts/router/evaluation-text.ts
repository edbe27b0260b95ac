import type { PoolFigures } from './evaluate.ts'
import type { LeftOutFigures } from './leave-one-out.ts'

/** All figures of one evaluation, shares from 0 to 1; null where no training rows were given. */
export type Evaluation = {
  readonly apgr: Readonly<Record<string, number>>
  readonly apgrMmlu1500: number | null
  readonly targets: Readonly<
    Record<string, { readonly pools: Readonly<Record<string, PoolFigures>>; readonly meanSaving: number }>
  >
  readonly leaveOneOut: Readonly<Record<string, LeftOutFigures>> | null
  readonly ece: number
  /** APGR as if the gate were always open: the difference is what the gate costs. */
  readonly withoutGate: Readonly<Record<string, number>>
}

const FLOORS: Readonly<Record<string, number>> = { mmlu: 0.68, gsm8k: 0.62, mmluPro: 0.57, zeroeval: 0.63 }
const TARGET_FLOORS: Readonly<Record<string, readonly [quality: number, saving: number]>> = {
  '98': [0.975, 0.42],
  '95': [0.945, 0.6],
}

type Line = readonly [name: string, value: string, floor: string, isMet: boolean | undefined]

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const usd = (cost: number) => `$${cost.toPrecision(3)}`

function apgrLines({ apgr, withoutGate, apgrMmlu1500 }: Evaluation): readonly Line[] {
  const lines = Object.entries(apgr).map(([name, value]): Line => {
    const floor = FLOORS[name] ?? 0
    const open = withoutGate[name] ?? Number.NaN
    return [
      `APGR ${name}`,
      `${value.toFixed(3)} (gate open: ${open.toFixed(3)})`,
      `>= ${floor}`,
      value >= floor,
    ]
  })
  if (apgrMmlu1500 === null) return lines
  return [...lines, ['APGR mmlu, 1,500 labels', apgrMmlu1500.toFixed(3), '>= 0.63', apgrMmlu1500 >= 0.63]]
}

function targetLines({ targets }: Evaluation): readonly Line[] {
  return Object.entries(targets).flatMap(([target, { pools, meanSaving }]): Line[] => {
    const [least, saved] = TARGET_FLOORS[target] ?? [0, 0]
    return [
      ...Object.entries(pools).map(([name, { quality, saving }]): Line => [
        `${target} % target, ${name}`,
        `quality ${percent(quality)}, saving ${percent(saving)}`,
        `quality >= ${percent(least)}`,
        quality >= least,
      ]),
      [
        `${target} % target, mean`,
        `saving ${percent(meanSaving)}`,
        `>= ${percent(saved)}`,
        meanSaving >= saved,
      ],
    ]
  })
}

const leftOutLines = ({ leaveOneOut }: Evaluation): readonly Line[] =>
  Object.entries(leaveOneOut ?? {}).map(([name, figures]) => [
    `without ${name}`,
    `quality ${percent(figures.quality)} at ${usd(figures.cost)}, static ${percent(figures.staticQuality)} at ${usd(figures.staticCost)}, gate ${figures.gate.toFixed(2)}`,
    '>= static - 1.0 %, cost <= static',
    figures.quality >= figures.staticQuality - 0.01 && figures.cost <= figures.staticCost * (1 + 1e-9),
  ])

/** The table for people, with what is missed. */
export function evaluationText({ evaluation, rows }: { evaluation: Evaluation; rows: number }): string {
  const lines: readonly Line[] = [
    ...apgrLines(evaluation),
    ...targetLines(evaluation),
    ...leftOutLines(evaluation),
    ['ECE', evaluation.ece.toFixed(4), '<= 0.03', evaluation.ece <= 0.03],
  ]
  const [names, values] = [0, 1].map((at) => Math.max(...lines.map((line) => String(line[at]).length)))
  const text = lines.map(
    ([name, value, floor, isMet]) =>
      `${isMet ? '✓' : '✗'} ${name.padEnd(names ?? 0)}  ${value.padEnd(values ?? 0)}  ${floor}`,
  )
  return `${rows} rows\n${text.join('\n')}\n`
}
