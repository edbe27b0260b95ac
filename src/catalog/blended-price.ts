import type { PicoUsd } from '../lib/money.ts'
import type { Endpoint, Prices } from './types.ts'

export type PricedEndpoint = Endpoint & { readonly prices: Prices }

export const isPriced = (endpoint: Endpoint): endpoint is PricedEndpoint => endpoint.prices !== undefined

/** A typical call, to compare endpoints by one number: three input tokens for each output token. */
export const blendedPrice = ({ prices }: PricedEndpoint): PicoUsd =>
  prices.inputPicoUsd * 3n + prices.outputPicoUsd

/** Cheapest first; equal prices by id, so that the order never depends on where a list came from. */
export function byPrice(a: PricedEndpoint, b: PricedEndpoint): number {
  const difference = blendedPrice(a) - blendedPrice(b)
  return difference === 0n ? a.id.localeCompare(b.id) : difference < 0n ? -1 : 1
}
