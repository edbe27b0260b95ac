/** The door of `turnpike/client`: a fetch that pays, and what belongs to it. */
export { payingFetch } from './paying-fetch.ts'
export type { ChannelSummary, PayingFetch, PayingFetchOptions } from './paying-fetch.ts'
export { narrowVoucher } from './channel/narrow-voucher.ts'
export type { VoucherLimits } from './channel/narrow-voucher.ts'
export { browserStore } from './browser-store.ts'
export { memoryStore } from './channel/channel-store.ts'
export type { ChannelRecord, ChannelStore, OpenCall, SignedDeposit } from './channel/channel-store.ts'
export {
  ApprovalRequiredError,
  BodyNotReplayableError,
  ChainError,
  ReceiptError,
  RefundError,
  SpendRefusedError,
} from './wire/errors.ts'
export type { ChainFault, ReceiptFault, SpendRule } from './wire/errors.ts'
export type { ChainClient } from './wire/chain-client.ts'
export type { Approvals } from './spend/approve-call.ts'
export type { FinishedWithdrawal, StartedWithdrawal, WithdrawalOrder } from './channel/withdraw.ts'
export type { PaidEvent } from './context.ts'
export type { Refund } from './channel/refund-channel.ts'
export type { Spent } from './spend/spend-counts.ts'
export type { SpendLimits } from './spend/spend-limits.ts'
export type { Wallet } from './wire/wallet.ts'
export { BASE_SEPOLIA_USDC, BASE_USDC, usdtAsset } from '../payment/tokens/assets.ts'
export type { Asset } from '../payment/types.ts'
