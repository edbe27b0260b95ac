import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Catalog } from '../catalog/types.ts'
import { type CatalogQualityView, createQualityView } from '../routing/quality/create-quality-view.ts'
import { PUBLISHED_SCORES } from '../routing/quality/published-scores.ts'
import { readPredictor } from '../routing/quality/predictor-file.ts'
import type { OperatorQuality } from '../routing/quality/types.ts'

/** Beside src in a clone and beside dist in the package. */
const TRAINED_FILE = join(import.meta.dirname, '../../data/router.bin')

/**
 * Estimates of the catalogue's models, from the trained file, published scores and the operator's own qualities.
 *
 * @throws RangeError where the file is not what scripts/train-router.ts of this version writes.
 */
export function loadQualityView({
  catalog,
  qualities = {},
  path = TRAINED_FILE,
}: {
  catalog: Catalog
  qualities?: Readonly<Record<string, OperatorQuality>>
  path?: string
}): CatalogQualityView {
  return createQualityView({
    catalog,
    predictor: readPredictor(readFileSync(path)),
    published: PUBLISHED_SCORES,
    operator: qualities,
  })
}
