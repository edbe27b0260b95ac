import type { CatalogFile } from './catalog-file.ts'
import data from './data/catalog.json' with { type: 'json' }
import { readCatalogFile } from './read-catalog-file.ts'

/** The committed catalogue: what `npm run catalog:sync` wrote and somebody reviewed. */
export const { models: MODELS, endpoints: ENDPOINTS } = readCatalogFile(data as CatalogFile)
