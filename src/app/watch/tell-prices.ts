import type { OutboxStore } from '../../call/outbox-ports.ts'
import { pricesFact, type PricesFact } from '../../call/alerts/price-alerts.ts'
import type { Catalog } from '../../catalog/types.ts'
import { clock } from '../clock.ts'

/** Compares the prices of this start with those of the start before, and tells of what has changed in the same commit. */
export const tellPrices = ({
  outbox,
  catalog,
}: {
  outbox: Pick<OutboxStore, 'changeFact'>
  catalog: Catalog
}): Promise<boolean> =>
  outbox.changeFact({
    key: 'prices',
    decide: (before) =>
      pricesFact({ before: before as PricesFact | undefined, catalog, atMs: clock.nowMs() }),
  })
