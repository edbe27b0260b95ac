/** The door of `turnpike/client`: a fetch that pays, and what belongs to it. */
export { payingFetch } from './paying-fetch.ts'
export type { ChannelSummary, PayingFetch, PayingFetchOptions } from './paying-fetch.ts'
export { narrowVoucher } from './narrow-voucher.ts'
export type { VoucherLimits } from './narrow-voucher.ts'
export { browserStore } from './browser-store.ts'
export { memoryStore } from './channel-store.ts'
export type { ChannelRecord, ChannelStore, OpenCall, SignedDeposit } from './channel-store.ts'
export {
  ApprovalRequiredError,
  BodyNotReplayableError,
  ChainError,
  ReceiptError,
  RefundError,
  SpendRefusedError,
} from './errors.ts'
export type { ChainFault, ReceiptFault, SpendRule } from './errors.ts'
export type { ChainClient } from './chain-client.ts'
export type { Approvals } from './approve-call.ts'
export type { FinishedWithdrawal, StartedWithdrawal, WithdrawalOrder } from './withdraw.ts'
export type { PaidEvent } from './context.ts'
export type { Refund } from './refund-channel.ts'
export type { Spent } from './spend-counts.ts'
export type { SpendLimits } from './spend-limits.ts'
export type { Wallet } from './wallet.ts'
export { BASE_SEPOLIA_USDC, BASE_USDC, usdtAsset } from '../payment/assets.ts'
export type { Asset } from '../payment/types.ts'
