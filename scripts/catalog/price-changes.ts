import type { CatalogFile, EndpointRow } from '../../src/catalog/catalog-file.ts'

export type PriceChange = {
  readonly endpoint: string
  /** A bucket, with `>N` before it for the tier above N input tokens; or `endpoint` where one came or went. */
  readonly bucket: string
  /** USD per million tokens; null where there was, or is, no price. */
  readonly old: string | null
  readonly new: string | null
}

/** Pico-USD per token is millionths of a USD per million tokens. */
const usdPerMillion = (picoUsd: number | undefined) =>
  picoUsd === undefined ? null : String(picoUsd / 1_000_000)

function bucketsOf(row: EndpointRow | undefined): ReadonlyMap<string, number> {
  const { tiers = [], ...base } = row?.prices ?? {}
  return new Map([
    ...Object.entries(base),
    ...tiers.flatMap(({ above, ...tier }) =>
      Object.entries(tier).map(([bucket, price]) => [`>${above} ${bucket}`, price] as const),
    ),
  ])
}

/** What a reviewer of a sync has to look at: every price that is not what it was, per endpoint. */
export function priceChanges({
  before,
  after,
}: {
  before: readonly EndpointRow[]
  after: CatalogFile['endpoints']
}): readonly PriceChange[] {
  const old = new Map(before.map((row) => [row.id, row]))
  const now = new Map(after.map((row) => [row.id, row]))
  return [...new Set([...old.keys(), ...now.keys()])].toSorted().flatMap((endpoint): PriceChange[] => {
    const [was, is] = [old.get(endpoint), now.get(endpoint)]
    if (!was || !is)
      return [{ endpoint, bucket: 'endpoint', old: was ? 'sold' : null, new: is ? 'sold' : null }]
    const [a, b] = [bucketsOf(was), bucketsOf(is)]
    return [...new Set([...a.keys(), ...b.keys()])]
      .filter((bucket) => a.get(bucket) !== b.get(bucket))
      .map((bucket) => ({
        endpoint,
        bucket,
        old: usdPerMillion(a.get(bucket)),
        new: usdPerMillion(b.get(bucket)),
      }))
  })
}
