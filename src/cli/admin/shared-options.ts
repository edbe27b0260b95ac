/** Flags of a verb with their sentences. */
export type Options = readonly (readonly [flags: string, tells: string])[]
export const ORGANIZATION = [
  '--organization <organization>',
  'by name or id; needed where there are several',
] as const
export const WIDENING = ['--accept-widening', 'also where more is allowed there'] as const
export const UNIT = ['--unit <unit>', 'by name (Sales/Field) or id'] as const
export const AT = [
  '!--at <place>',
  'organization, unit:NAME, principal:NAME, wallet:ADDRESS or key:ID',
] as const
export const TERMS: Options = [
  ['--window <window>', 'request, hour, day, week, month, quarter, total or rolling:<seconds>'],
  ['--mode <mode>', 'hard, soft or observe'],
  ['--applies <applies>', 'shared, or each'],
  ['--time-zone <zone>', 'IANA zone of calendar windows'],
  ['--thresholds <percents>', 'alerts at these, such as 80,100'],
  ['--override <limit>', 'another limit until --until'],
  ['--from <time>', 'when it begins; now where left out'],
  ['--until <time>', 'when it ends'],
]
