import { SIMULATED_PROVIDER } from '../../../src/catalog/simulated.ts'
import { buildCatalog } from '../../../src/catalog/build-catalog.ts'
import { catalogOf } from '../../../src/app/options/defaults.ts'
import type { Catalog, Provider } from '../../../src/catalog/types.ts'
import type { DevWorldFacts } from '../../../src/cli/dev-app.ts'
import type { CrashPoint } from '../../../src/settlement/crash-points.ts'

/** What one server of the harness is told at its start. */
export type ServerStart = {
  readonly world: DevWorldFacts
  readonly port: number
  readonly databaseUrl?: string
  readonly dataDirectory?: string
  readonly redisUrl?: string
  /** Blocks on top of one that is final: more than a killed chain can lose. */
  readonly finalityBlocks: number
  /** Where a process that ends at a crash point writes its name first. */
  readonly hitsPath: string
}

/** Ends the process when it has come so often to this point. */
export type Armed = { readonly point: CrashPoint; readonly countdown: number }

const SECOND_PROVIDER = 'second'

/** Both providers of the catalogue are the harness's one process. */
export const providersAt = (url: string): readonly Provider[] =>
  [SIMULATED_PROVIDER, SECOND_PROVIDER].map((id) => ({
    id,
    dialect: 'openai',
    baseUrl: `${url}/${id}/v1`,
    simulated: true,
  }))

/** The catalogue of dev with every model sold twice at one price, so that a call can fail over. */
export function twiceSold(): Catalog {
  const { models, endpoints } = catalogOf({ simulated: true })
  const second = endpoints.map((endpoint) => ({
    ...endpoint,
    id: endpoint.id.replace(SIMULATED_PROVIDER, SECOND_PROVIDER),
    providerId: SECOND_PROVIDER,
  }))
  return buildCatalog({ models: [...models.values()], endpoints: [...endpoints, ...second] })
}
