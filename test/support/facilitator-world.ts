import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll } from 'vitest'
import { facilitatorOptions } from '../../src/app/options/facilitator-options.ts'
import { openFacilitator, type OpenFacilitator } from '../../src/app/open-facilitator.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { devClient } from '../../src/dev/chain/clients.ts'
import { fundAccount } from '../../src/dev/chain/fund.ts'
import type { Address, Asset } from '../../src/payment/types.ts'
import { post } from './chat.ts'
import { NETWORK, type Payer, startStack, type Stack } from './start-stack.ts'

type Path = '/verify' | '/settle'

const BALANCE_OF = [
  {
    name: 'balanceOf',
    type: 'function',
    stateMutability: 'view',
    inputs: [{ name: 'owner', type: 'address' }],
    outputs: [{ name: '', type: 'uint256' }],
  },
] as const

/** One stack for a test file, and a facilitator of ours over its chain that pays anybody. */
export function useFacilitator() {
  const key = generatePrivateKey()
  const seller = privateKeyToAccount(generatePrivateKey()).address.toLowerCase() as Address
  let stack: Stack
  let facilitator: OpenFacilitator
  const optionsOf = (more: Record<string, string> = {}) => {
    const config = readConfig({
      TURNPIKE_FACILITATOR_KEY: key,
      TURNPIKE_FACILITATOR_PORT: '0',
      TURNPIKE_FACILITATOR_PAY_TO: 'anybody',
      TURNPIKE_NETWORKS: NETWORK,
      TURNPIKE_RPC_84532: stack.rpcUrl,
      ...more,
    })
    const options = facilitatorOptions({ config })
    return { ...options, assets: [...options.assets, stack.usdt], pollMs: 20 }
  }
  beforeAll(async () => {
    stack = await startStack()
    const { address } = privateKeyToAccount(key)
    await fundAccount({ rpcUrl: stack.rpcUrl, address, ether: 10n ** 18n })
    facilitator = await openFacilitator(optionsOf())
  })
  afterAll(async () => {
    await facilitator.close()
    await stack.expectCleanBooks()
    await stack.close()
  })
  const order = (path: Path, body: unknown, url = facilitator.url) =>
    fetch(`${url}${path}`, post(typeof body === 'string' ? body : JSON.stringify(body)))
  return {
    key,
    seller,
    optionsOf,
    order,
    get stack() {
      return stack
    },
    get facilitator() {
      return facilitator
    },
    answerTo: async (path: Path, body: unknown, url?: string) =>
      (await (await order(path, body, url)).json()) as Record<string, unknown>,
    balanceOf: (asset: Asset, owner: string) =>
      devClient({ rpcUrl: stack.rpcUrl }).readContract({
        address: asset.address,
        abi: BALANCE_OF,
        functionName: 'balanceOf',
        args: [owner as Address],
      }),
    /** Transactions of the facilitator's key. */
    sentByKey: () =>
      devClient({ rpcUrl: stack.rpcUrl }).getTransactionCount({ address: facilitator.address }),
    /** Another one over the same chain and key, for one test. */
    async withFacilitator(
      environment: Record<string, string>,
      use: (opened: OpenFacilitator, payer: Payer) => Promise<void>,
      more: object = {},
    ): Promise<void> {
      const opened = await openFacilitator({ ...optionsOf(environment), ...more })
      await use(opened, await stack.newPayer()).finally(opened.close)
    },
  }
}
