import type { Receipt } from '../../../src/payment/receipts/receipt.ts'

/** The receipt with other values in its `extra`. */
export const withExtra = (receipt: Receipt, extra: object): Receipt => ({
  ...receipt,
  extra: { ...receipt.extra, ...extra },
})

/** The receipt with another state of its channel. */
export const withState = (receipt: Receipt, state: object): Receipt =>
  withExtra(receipt, { channelState: { ...(receipt.extra?.['channelState'] as object), ...state } })
