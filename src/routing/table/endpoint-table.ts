import { byPrice, isPriced } from '../../catalog/blended-price.ts'
import type { Catalog, Endpoint, Model, ModelKind } from '../../catalog/types.ts'
import { type EndpointColumns, endpointColumns } from './endpoint-columns.ts'
import { type Row, rowPrices } from './endpoint-row.ts'

export type EndpointTable = {
  /** Cheapest first, those without a price last: where scores are equal the order decides. */
  readonly rows: readonly Row[]
  /** The same by number. */
  readonly rowAt: readonly Row[]
  readonly endpointIds: readonly string[]
  readonly columns: EndpointColumns
  readonly shelfOf: (kind: ModelKind) => Shelf
  readonly rowsOfModel: ReadonlyMap<string, readonly Row[]>
  readonly models: readonly Model[]
  readonly providerIds: readonly string[]
  readonly regions: readonly string[]
  /** One endpoint for each way of being spoken to. */
  readonly dialectSamples: readonly Endpoint[]
  /** USD per million tokens, three of input to one of output, at a model's cheapest endpoint. */
  readonly usdPerMillionOf: (modelId: string) => number
}

/** Some endpoints in the table's order, and the same by model. */
export type Shelf = {
  readonly rows: readonly Row[]
  /** Model by model, the one with the cheapest endpoint first: numbers of its endpoints, cheapest first. */
  readonly numbers: Int32Array
  /** Where those of each model begin; one more for the end of the last. */
  readonly starts: Int32Array
  /** Of each of these groups, and which group a model has. */
  readonly models: readonly Model[]
  readonly groupById: ReadonlyMap<string, number>
}

const tables = new WeakMap<Catalog, EndpointTable>()

/** The catalogue as a table for decisions, made once: a catalogue never changes. */
export function endpointTable(catalog: Catalog): EndpointTable {
  const table = tables.get(catalog) ?? buildTable(catalog)
  tables.set(catalog, table)
  return table
}

/** Gives every new name the next number. */
function numbering(): { readonly of: (name: string) => number; readonly names: () => readonly string[] } {
  const numbers = new Map<string, number>()
  return {
    of(name) {
      const known = numbers.get(name) ?? numbers.size
      numbers.set(name, known)
      return known
    },
    names: () => [...numbers.keys()],
  }
}

const ofKind = (rows: readonly Row[], kind: ModelKind) => rows.filter(({ model }) => model.kind === kind)
const byModel = (rows: readonly Row[]) => [...Map.groupBy(rows, ({ modelIndex }) => modelIndex).values()]

function buildTable(catalog: Catalog): EndpointTable {
  const [models, providers] = [numbering(), numbering()]
  const [regions, dialects] = [numbering(), numbering()]
  const unnumbered = inPriceOrder(catalog).flatMap((endpoint, place): Row[] => {
    const model = catalog.models.get(endpoint.modelId)
    if (!model) return []
    return [
      {
        place,
        number: 0,
        endpointId: endpoint.id,
        providerId: endpoint.providerId,
        modelIndex: models.of(model.id),
        providerIndex: providers.of(endpoint.providerId),
        ...rowPrices(endpoint),
        ownMarginBps: endpoint.marginBps,
        endpoint,
        model,
      },
    ]
  })
  const grouped = (['chat', 'embedding'] as const).flatMap((kind) => byModel(ofKind(unnumbered, kind)).flat())
  const rowAt = grouped.map((row, number) => ({ ...row, number }))
  const rows = rowAt.toSorted((a, b) => a.place - b.place)
  const dialectOf = ({ endpoint: { providerId, dialect } }: Row) => `${providerId} ${dialect ?? ''}`
  const columns = endpointColumns(rowAt, {
    dialect: (row) => dialects.of(dialectOf(row)),
    region: ({ endpoint }) => regions.of(endpoint.region),
  })
  const rowsOfModel = Map.groupBy(rows, ({ model }) => model.id)
  const [chat, embedding] = [shelfOf(ofKind(rows, 'chat')), shelfOf(ofKind(rows, 'embedding'))]
  const samples = new Map(rows.toReversed().map((row) => [dialectOf(row), row.endpoint]))
  return {
    rows,
    rowAt,
    endpointIds: rowAt.map(({ endpointId }) => endpointId),
    columns,
    shelfOf: (kind) => (kind === 'chat' ? chat : embedding),
    rowsOfModel,
    models: models.names().flatMap((id) => catalog.models.get(id) ?? []),
    providerIds: providers.names(),
    regions: regions.names(),
    dialectSamples: dialects.names().flatMap((name) => samples.get(name) ?? []),
    usdPerMillionOf: usdPerMillion(rowsOfModel),
  }
}

const inPriceOrder = ({ endpoints }: Catalog): readonly Endpoint[] => [
  ...endpoints.filter(isPriced).toSorted(byPrice),
  ...endpoints.filter((one) => !isPriced(one)).toSorted((a, b) => a.id.localeCompare(b.id)),
]

function usdPerMillion(rowsOfModel: ReadonlyMap<string, readonly Row[]>): (modelId: string) => number {
  const known = new Map(
    [...rowsOfModel].map(([id, [cheapest]]) => [
      id,
      cheapest ? (cheapest.inputPicoUsd * 3 + cheapest.outputPicoUsd) / 4e6 : 0,
    ]),
  )
  return (modelId) => known.get(modelId) ?? 0
}

/** @param rows of one table, in its order. */
export function shelfOf(rows: readonly Row[]): Shelf {
  const groups = byModel(rows)
  const starts = new Int32Array(groups.length + 1)
  for (const [index, group] of groups.entries()) starts[index + 1] = starts[index]! + group.length
  const models = groups.flatMap(([first]) => first?.model ?? [])
  return {
    rows,
    numbers: Int32Array.from(groups.flat(), ({ number }) => number),
    starts,
    models,
    groupById: new Map(models.map(({ id }, group) => [id, group])),
  }
}
