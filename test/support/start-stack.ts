import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { DEV_NETWORK } from '../../src/app/options/defaults.ts'
import type { App, AppOptions } from '../../src/app/options/options.ts'
import { devAdminToken, openDevApp } from '../../src/cli/dev-app.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { SimulatedFaults } from '../../src/dev/simulated-provider/faults.ts'
import { devClient } from '../../src/dev/chain/clients.ts'
import { approvePermit2, fundAccount } from '../../src/dev/chain/fund.ts'
import { type DevWorld, startDevWorld } from '../../src/dev/start-dev-world.ts'
import { BASE_SEPOLIA_USDC, usdtAsset } from '../../src/payment/tokens/assets.ts'
import type { Address, Hex } from '../../src/payment/types.ts'
import { openRpcProxy } from '../integration/chain/rpc-proxy.ts'
import { fillLedgerFolder } from './ledger-folder.ts'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'

export const NETWORK = DEV_NETWORK
/** Ten dollars of either token: what a fresh payer of these tests has. */
export const PAYER_ATOMIC = 10_000_000n

/** The server's answers to these calls are fast: the simulated provider sends without a pause. */
const FAST = { TURNPIKE_SIM_FIRST_TOKEN_MS: '0', TURNPIKE_SIM_TOKENS_PER_SECOND: '1000000' }

export type StackOptions = {
  /** Environment variables, as an operator would set them. */
  readonly environment?: Readonly<Record<string, string>>
  readonly overrides?: Partial<AppOptions> | ((world: DevWorld) => Partial<AppOptions>)
  /** Blocks after which something is final. */
  readonly finalityBlocks?: number
  /** Whether the server has a second RPC, past the proxy. */
  readonly hasSecondRpc?: boolean
}

/**
 * The whole product in this process, as `npm run dev` starts it: dev chain, simulated provider, database, settlement, HTTP.
 * Between server and chain stands a proxy that counts; clients talk to the chain without it.
 */
export async function startStack({
  environment = {},
  overrides = {},
  finalityBlocks = 0,
  hasSecondRpc = false,
}: StackOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-stack-'))
  const config = readConfig({ PORT: '0', TURNPIKE_DATA_DIR: directory, ...FAST, ...environment })
  const world = await startDevWorld({ config })
  const { rpcUrl } = world.chain
  const ledgerFolder = join(directory, 'ledger')
  await fillLedgerFolder(ledgerFolder)
  const proxy = await openRpcProxy(rpcUrl)
  const openInstance = (more: Partial<AppOptions> = {}) =>
    openDevApp({
      config,
      world,
      overrides: {
        networks: [
          {
            network: NETWORK,
            rpcUrls: hasSecondRpc ? [proxy.url, rpcUrl] : [proxy.url],
            finality: { kind: 'depth', blocks: finalityBlocks },
          },
        ],
        logLevel: process.env['TURNPIKE_TEST_LOG'] ?? 'silent',
        // Clients, server and provider share this process: what a burst takes of it, connections must not be given up for.
        connectMs: 30_000,
        ...(typeof overrides === 'function' ? overrides(world) : overrides),
        ...more,
      },
    })
  let app = await openInstance()
  const mine = async () => {
    if (finalityBlocks > 0) await devClient({ rpcUrl }).mine({ blocks: finalityBlocks })
  }
  const closeWorld = async () => {
    await proxy.close()
    await world.close()
    rmSync(directory, { recursive: true, force: true })
  }
  const usdtAddress = world.chain.usdt.toLowerCase() as Address

  return {
    get app() {
      return app
    },
    /** Ends the server and starts another one over the same ledger and chain, perhaps with other options. */
    async restart(more: Partial<AppOptions> = {}): Promise<void> {
      await app.close()
      app = await openInstance(more)
    },
    /** One more server of the same service, where the database is one that two can share. The caller closes it. */
    openInstance,
    world,
    proxy,
    rpcUrl,
    provider: {
      ...world.provider,
      /** What was learned of the provider under other faults is forgotten with them. */
      setFaults(faults?: SimulatedFaults) {
        world.provider.setFaults(faults)
        app.forgetHealth()
      },
    },
    adminToken: devAdminToken(world.chain.genesisHash),
    get chatUrl() {
      return `${app.url}/v1/chat/completions`
    },
    usdc: BASE_SEPOLIA_USDC,
    usdt: usdtAsset({ network: NETWORK, address: usdtAddress, decimals: 6 }),
    /** Somebody new with money and Permit2's allowance, so that tests do not meet one another's channels and debts. */
    newPayer: (options: PayerOptions = {}) => newPayer({ rpcUrl, ...options }),
    settleUntilQuiet: () => settleUntilQuiet({ app, mine }),
    /** The whole verdict on the money: everything settled, every invariant kept, ledger equal to chain. */
    async expectCleanBooks() {
      await settleUntilQuiet({ app, mine })
      const checks = await app.checkLedger()
      expect(checks.length).toBeGreaterThan(10)
      expect(checks.filter(({ ok }) => !ok)).toEqual([])
      const { differences, compared } = await app.reconcile()
      expect(differences).toEqual([])
      const balances = await app.trialBalance()
      expect(balances.reduce((sum, { balance }) => sum + balance, 0n)).toBe(0n)
      return compared
    },
    /** The embedded ledger's folder, for those who look into it after the server has stopped. */
    ledgerFolder,
    closeWorld,
    async close() {
      await app.close()
      await closeWorld()
    },
  }
}

export type Stack = Awaited<ReturnType<typeof startStack>>

export type Payer = {
  readonly account: ReturnType<typeof privateKeyToAccount>
  readonly privateKey: Hex
  /** In lower case, as the server spells it inside. */
  readonly address: Address
}

type PayerOptions = {
  /** Whether Permit2 may move its tokens. */
  readonly approved?: boolean
  readonly usdc?: bigint
}

export async function newPayer({
  rpcUrl,
  approved = true,
  usdc = PAYER_ATOMIC,
}: PayerOptions & { rpcUrl: string }): Promise<Payer> {
  const privateKey = generatePrivateKey()
  const account = privateKeyToAccount(privateKey)
  const { address } = account
  await fundAccount({ rpcUrl, address, usdc, usdt: PAYER_ATOMIC, ether: 10n ** 18n })
  if (approved) await approvePermit2({ rpcUrl, privateKey })
  return { account, privateKey, address: address.toLowerCase() as Address }
}

/** Passes until one finds nothing open and leaves nothing new behind. */
async function settleUntilQuiet({ app, mine }: { app: App; mine: () => Promise<void> }): Promise<void> {
  let newest: string | undefined
  for (let pass = 0; pass < 20; pass += 1) {
    await mine()
    const { failures } = await app.settleNow({ everything: true })
    expect(failures).toBe(0)
    const transactions = await app.listTransactions()
    const isOpen = transactions.some(({ state }) => state === 'signed' || state === 'seen')
    if (pass > 0 && !isOpen && transactions[0]?.id === newest) return
    newest = transactions[0]?.id
  }
  throw new Error('The settlement does not come to rest.')
}
