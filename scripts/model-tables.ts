import { ENDPOINTS, MODELS } from '../src/catalog/models.ts'
import { PROVIDERS } from '../src/catalog/providers.ts'
import type { Endpoint, Model } from '../src/catalog/types.ts'

/** Rows of the tables of docs/MODELS.md: the catalogue in sums, since seven hundred lines are nobody's reading. */
type Row = readonly string[]

const countOf = (values: readonly string[]) => String(new Set(values).size)
const share = (models: readonly Model[], has: (model: Model) => boolean) =>
  `${models.filter(has).length} of ${models.length}`

export function providerRows(): readonly Row[] {
  const offers = Map.groupBy(ENDPOINTS, ({ providerId }) => providerId)
  return PROVIDERS.map(({ id, name, dialect, prefix, baseUrl, isLocal }) => {
    const sold: readonly Endpoint[] = offers.get(id) ?? []
    return [
      `\`${id}\``,
      name,
      dialect,
      isLocal ? `\`${prefix}_BASE_URL\` alone` : `\`${prefix}_API_KEY\``,
      baseUrl ? `\`${baseUrl}\`` : `\`${prefix}_BASE_URL\``,
      sold.length === 0 ? "the operator's file" : String(sold.length),
      sold.length === 0 ? '' : countOf(sold.map(({ modelId }) => modelId)),
    ]
  })
}

/** Vendors with at least this many models have a row of their own. */
const OWN_ROW = 3

export function vendorRows(): readonly Row[] {
  const vendors = [...Map.groupBy(MODELS, ({ id }) => id.slice(0, id.indexOf('/')))].toSorted(
    ([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1),
  )
  const large = vendors.filter(([, models]) => models.length >= OWN_ROW)
  const small = vendors.filter(([, models]) => models.length < OWN_ROW)
  return [
    ...large.map(([vendor, models]) => vendorRow(`\`${vendor}\``, models)),
    vendorRow(
      `${small.length} others`,
      small.flatMap(([, models]) => models),
    ),
    vendorRow('all', MODELS),
  ]
}

function vendorRow(name: string, models: readonly Model[]): Row {
  const ids = new Set(models.map(({ id }) => id))
  const endpoints = ENDPOINTS.filter(({ modelId }) => ids.has(modelId))
  const priced = new Set(endpoints.filter(({ prices }) => prices).map(({ modelId }) => modelId))
  return [
    name,
    String(models.filter(({ kind }) => kind === 'chat').length),
    String(models.filter(({ kind }) => kind === 'embedding').length),
    String(endpoints.length),
    countOf(endpoints.map(({ providerId }) => providerId)),
    share(models, ({ id }) => priced.has(id)),
    share(models, ({ contextTokens }) => contextTokens !== 'unknown'),
    share(models, ({ tools }) => tools !== 'unknown'),
  ]
}
