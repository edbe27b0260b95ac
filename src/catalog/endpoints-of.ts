import type { Catalog, Endpoint } from './types.ts'

/** One index per list of endpoints, made when it is first asked: a catalogue never changes. */
const indexes = new WeakMap<readonly Endpoint[], ReadonlyMap<string, readonly Endpoint[]>>()

/** The endpoints of one model, in the catalogue's order, without a walk over all of them. */
export function endpointsOf({
  catalog: { endpoints },
  modelId,
}: {
  catalog: Pick<Catalog, 'endpoints'>
  modelId: string
}): readonly Endpoint[] {
  const index = indexes.get(endpoints) ?? Map.groupBy(endpoints, (endpoint) => endpoint.modelId)
  indexes.set(endpoints, index)
  return index.get(modelId) ?? []
}
