import { createSubmitter, type OpenSubmitter } from '../chain/facilitator/create-submitter.ts'
import { ConfigError } from '../config/read-config.ts'
import { createFacilitator } from '../facilitator/create-facilitator.ts'
import { openAddressWindow } from '../http/request/address-window.ts'
import { createFacilitatorApp } from '../http/facilitator/facilitator-app.ts'
import { listen } from '../http/server.ts'
import { LIMITS } from '../lib/limits.ts'
import { CONTRACT_NAMES } from '../payment/tokens/contracts.ts'
import type { Address, Asset } from '../payment/types.ts'
import { clock } from './clock.ts'
import type { FacilitatorOptions } from './options/facilitator-options.ts'

export type OpenFacilitator = {
  readonly url: string
  /** Of the key: it needs coins for gas, and `upto` payers sign for it. */
  readonly address: Address
  readonly close: () => Promise<void>
}

/**
 * Opens a facilitator for others, once its tokens are on chain what the table says and nothing of its key is under way.
 *
 * @throws ConfigError with the fix of each; an Error where a chain cannot be asked.
 */
export async function openFacilitator(options: FacilitatorOptions): Promise<OpenFacilitator> {
  const { onNote = () => undefined, onError = () => undefined } = options
  const submitter = createSubmitter({ ...options, nowMs: clock.nowMs })
  try {
    const assets = await trueAssets({ submitter, assets: options.assets, onNote })
    await requireIdleKey(submitter)
    const app = createFacilitatorApp({
      facilitator: createFacilitator({
        submitter,
        nowMs: clock.nowMs,
        policy: {
          assets,
          minPicoUsd: options.minPicoUsd,
          ...(options.payTo ? { payTo: options.payTo } : {}),
        },
      }),
      call: { clock },
      trustedProxies: options.trustedProxies,
      orders: openAddressWindow({ limit: options.perMinute, nowMs: clock.nowMs }),
      ...(options.accessToken ? { accessToken: options.accessToken } : {}),
      onError: ({ path, error }) => onError({ path, error }),
    })
    const listener = await listen({ app, port: options.port, host: options.host })
    const close = async () => {
      await listener.close()
      submitter.close()
    }
    return { url: listener.url, address: submitter.address, close }
  } catch (error) {
    submitter.close()
    throw error
  }
}

/** The tokens that are on chain what the table says. */
async function trueAssets({
  submitter,
  assets,
  onNote,
}: {
  submitter: OpenSubmitter
  assets: readonly Asset[]
  onNote: (line: string) => void
}): Promise<readonly Asset[]> {
  const problems: string[] = []
  const confirmed: Asset[] = []
  for (const { network, checkTokens, listMissingContracts } of submitter.networks) {
    for (const address of await listMissingContracts())
      onNote(`There is no ${CONTRACT_NAMES[address]} on ${network}: payments that need it are refused.`)
    const checks = await checkTokens(assets.filter((asset) => asset.network === network))
    for (const check of checks) {
      const line = check.ok ? '' : `${check.asset.symbol} on ${network}: ${check.problem} ${check.fix}`
      if (check.ok) confirmed.push(check.asset)
      else if (check.asset.isUnconfirmed) onNote(`${line} It is not taken.`)
      else problems.push(line)
    }
    if (checks.length === 0)
      problems.push(`No token is known on ${network}: take it off TURNPIKE_NETWORKS, or add a row.`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return confirmed
}

const LOOK_MS = 250

/**
 * Waits until nothing of the key is under way: an order of before a restart could be submitted a second time while its first
 * transaction waits, and another user of the key would take our nonces.
 */
async function requireIdleKey({ networks, address }: OpenSubmitter): Promise<void> {
  for (const { network, countTransactions } of networks) {
    const until = clock.nowMs() + LIMITS.facilitatorIdleMs
    for (;;) {
      const { mined, pending } = await countTransactions()
      if (pending <= mined) break
      if (clock.nowMs() > until)
        throw new ConfigError([
          `TURNPIKE_FACILITATOR_KEY: ${pending - mined} transactions of ${address} on ${network} are under way. Stop whoever else uses this key and wait until a block has them, or give the facilitator a key of its own.`,
        ])
      await clock.sleep(LOOK_MS)
    }
  }
}
