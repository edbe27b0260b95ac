import { one, type PlantedBug } from './planted-bug.ts'

/** What a call costs its payer. */
export const PRICING_BUGS: readonly PlantedBug[] = [
  {
    name: 'the fee is forgotten in the charge',
    guards: 'charges_are_bounded',
    edits: one(
      'src/pricing/charge.ts',
      'addMargin({ costPicoUsd, marginBps }) + feePicoUsd',
      'addMargin({ costPicoUsd, marginBps })',
    ),
  },
]
