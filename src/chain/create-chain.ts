import { privateKeyToAddress } from 'viem/accounts'
import type { PayerMirror } from '../call/ports.ts'
import type { Address, Asset, Hex, Network } from '../payment/types.ts'
import type { ApprovalChain } from '../settlement/sponsored/approval-ports.ts'
import type { SettlementChain } from '../settlement/ports.ts'
import type { ChainHistory } from '../settlement/reconcile/ports.ts'
import { readApproval } from './approvals/read-approval.ts'
import { weighApproval } from './approvals/weigh-approval.ts'
import { createCalldata } from './calldata/create-calldata.ts'
import type { HostedOptions } from './hosted/ask-facilitator.ts'
import { createHosted } from './hosted/create-hosted.ts'
import { isSupported } from './hosted/is-supported.ts'
import { checkTokens } from './read/check-tokens.ts'
import type { TokenCheck } from './read/check-tokens.ts'
import { createHistory } from './read/create-history.ts'
import { createReader } from './read/create-reader.ts'
import { listMissingContracts } from './read/list-missing-contracts.ts'
import { readSuspensions, type TokenState } from './read/read-suspensions.ts'
import { getPermit2Allowance } from './read/get-balance.ts'
import type { Finality } from './read/head.ts'
import { createPayerMirror } from './read/payer-mirror.ts'
import { createRpc } from './rpc.ts'
import { createSender } from './send/create-sender.ts'
import { DEFAULT_FEE_CAPS } from './send/fees.ts'
import type { FeeCaps } from './send/fees.ts'

export type ChainOptions = {
  readonly network: Network
  /** In the order of preference, at least one. */
  readonly rpcUrls: readonly string[]
  /** Private keys. `payTo` has none here: it is cold. */
  readonly keys: { readonly signer: Hex; readonly till: Hex; readonly receiverAuthorizer: Hex }
  readonly payTo: Address
  readonly finality: Finality
  /** The tokens that we take. Those of other networks are left out. */
  readonly assets: readonly Asset[]
  readonly feeCaps?: FeeCaps
  /** Who submits `exact` payments; our own signer where absent. */
  readonly hosted?: HostedOptions
  readonly rpcTimeoutMs?: number
}

/** One network: what settlement asks of it, and what calls and the start of the server ask besides. */
export type Chain = SettlementChain & {
  readonly mirror: PayerMirror
  readonly approvals: ApprovalChain
  readonly history: ChainHistory
  /** Compares a table of tokens (by default our own) with the chain. Throws where the RPC fails. */
  readonly checkTokens: (query?: { assets?: readonly Asset[] }) => Promise<readonly TokenCheck[]>
  /** Which tokens (by default all of ours) cannot be taken now, and why. Throws where the RPC fails. */
  readonly readSuspensions: (query?: { assets?: readonly Asset[] }) => Promise<readonly TokenState[]>
  /** Contracts of x402 that this chain does not have. Throws where the RPC fails. */
  readonly listMissingContracts: () => Promise<readonly Address[]>
  /** Whether the hosted facilitator says that it settles here; `none` where there is none. */
  readonly isHostedSupported: () => Promise<'yes' | 'no' | 'unknown' | 'none'>
  /** Throws where the RPC fails. */
  readonly permit2Allowance: (query: { asset: Address; owner: Address }) => Promise<bigint>
  /** Gives up what is under way. Nothing else is held open. */
  readonly close: () => void
}

/**
 * Joins the two halves of a network. Asks nothing of the RPC: a chain that is down does not stop the start.
 *
 * @example
 * const chain = createChain({ network: 'eip155:84532', rpcUrls, keys, payTo, assets, finality: { kind: 'finalized' } })
 * const prepared = await chain.sender.prepare({ lane: chain.sender.lanes.signer, call: chain.calldata.deposit(funding) })
 */
export function createChain(options: ChainOptions): Chain {
  const { network, rpcUrls, keys, payTo, finality, feeCaps: caps = DEFAULT_FEE_CAPS } = options
  const assets = options.assets.filter((asset) => asset.network === network)
  const rpc = createRpc(
    options.rpcTimeoutMs === undefined ? { rpcUrls } : { rpcUrls, timeoutMs: options.rpcTimeoutMs },
  )
  const signer = addressOf(keys.signer)
  const till = addressOf(keys.till)
  const lanes = {
    signer: { network, role: 'signer', address: signer },
    till: { network, role: 'till', address: till },
  } as const
  const authorizer = { network, privateKey: keys.receiverAuthorizer }
  return {
    sender: createSender({ rpc, network, lanes, keys, caps }),
    reader: createReader({
      rpc,
      network,
      tokens: assets.map(({ address }) => address),
      till,
      payTo,
      finality,
    }),
    ...(options.hosted ? { hosted: createHosted({ rpc, assets, till, options: options.hosted }) } : {}),
    calldata: createCalldata({ payTo, till, signer, authorizer }),
    mirror: createPayerMirror({ rpc }),
    approvals: { read: readApproval, weigh: (approval) => weighApproval({ rpc, approval, caps }) },
    history: createHistory({ rpc, tokens: assets.map(({ address }) => address), finality }),
    checkTokens: (query) => checkTokens({ rpc, assets: query?.assets ?? assets }),
    readSuspensions: (query) =>
      readSuspensions({ rpc, assets: query?.assets ?? assets, owners: { payTo, till } }),
    listMissingContracts: () => listMissingContracts({ rpc }),
    isHostedSupported: async () =>
      options.hosted ? isSupported({ options: options.hosted, network }) : 'none',
    permit2Allowance: (query) => getPermit2Allowance({ rpc, ...query }),
    close: rpc.close,
  }
}

const addressOf = (privateKey: Hex) => privateKeyToAddress(privateKey).toLowerCase() as Address
