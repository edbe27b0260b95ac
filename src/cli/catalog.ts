import { loadCatalog } from '../app/options/load-catalog.ts'
import { formatUsd } from '../lib/money.ts'
import { readEnvironment } from './read-environment.ts'
import { printTable } from './table.ts'

/** `turnpike catalog`: models and prices in USD per million tokens, before the margin. */
export function catalog({ json }: { json: boolean }): void {
  // Hundreds of rows: a reader like head has seen enough before the last one.
  process.stdout.on('error', () => process.exit(0))
  const path = readEnvironment().config.TURNPIKE_CATALOG_FILE
  const { models, endpoints, priceBook } = loadCatalog({ simulated: false, path })
  const rows = endpoints.map((endpoint) => {
    const model = models.get(endpoint.modelId)
    return {
      model: endpoint.modelId,
      provider: endpoint.providerId,
      context: endpoint.contextTokens ?? model?.contextTokens ?? null,
      input: endpoint.prices ? formatUsd(endpoint.prices.inputPicoUsd * 1_000_000n) : null,
      output: endpoint.prices ? formatUsd(endpoint.prices.outputPicoUsd * 1_000_000n) : null,
      source: endpoint.priceSource ? `${endpoint.priceSource.source}, ${endpoint.priceSource.date}` : null,
    }
  })
  if (json) process.stdout.write(`${JSON.stringify({ priceBook, models: rows })}\n`)
  else {
    printTable(
      ['model', 'provider', 'context', 'input $/M', 'output $/M', 'source'],
      rows.map((row) => Object.values(row).map((value) => String(value ?? 'unknown'))),
    )
  }
}
