import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serveOptions } from '../../../src/app/options/serve-options.ts'
import { readConfig } from '../../../src/config/read-config.ts'
import { VARIABLES } from '../../../src/config/schema.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { devAccounts } from '../../../src/dev/accounts.ts'
import { tokenAbi } from '../../../src/dev/chain/abis.ts'
import type { Address } from '../../../src/payment/types.ts'
import { countDuring, useAttackedStack } from '../../support/attacked-stack.ts'
import { chatBody, post, readAnswer } from '../../support/chat.ts'
import { stockPayer } from '../../support/stock-payer.ts'

const stack = useAttackedStack()
const SRC = join(import.meta.dirname, '../../../src')

const client = () => devClient({ rpcUrl: stack().rpcUrl })
const tokensOf = (owner: Address) => {
  const balances = [stack().usdc, stack().usdt].map((asset) =>
    client().readContract({
      address: asset.address,
      abi: tokenAbi,
      functionName: 'balanceOf',
      args: [owner],
    }),
  )
  return Promise.all(balances)
}

test('after calls in every scheme and their settlement the signer holds gas and nothing else, and payTo never signed', async () => {
  const payTo = stack().world.payTo
  const { signer, till, receiverAuthorizer } = stack().world.addresses
  const {
    value: answers,
    upstreamCalls,
    charged,
  } = await countDuring({
    stack: stack(),
    attack: async () => {
      const calls = (['batch-settlement', 'upto', 'exact'] as const).map(async (scheme) => {
        const { pay } = stockPayer({ stack: stack(), payer: await stack().newPayer(), scheme })
        return readAnswer(await pay(stack().chatUrl, post(chatBody())))
      })
      // Should one of them fail, the others end here, and are not counted in a second try.
      await Promise.allSettled(calls)
      return Promise.all(calls)
    },
  })
  await stack().settleUntilQuiet()
  expect(upstreamCalls).toBe(3)
  expect(charged).toBe(answers.reduce((sum, { turnpike }) => sum + BigInt(turnpike.charge), 0n))
  expect(await tokensOf(signer)).toEqual([0n, 0n])
  expect(await tokensOf(receiverAuthorizer)).toEqual([0n, 0n])
  expect(await client().getTransactionCount({ address: payTo })).toBe(0)
  expect(await client().getTransactionCount({ address: receiverAuthorizer })).toBe(0)
  // What channel and upto brought is out of reach; the till holds the one exact payment and no more.
  const [coldUsdc = 0n] = await tokensOf(payTo)
  const [tillUsdc = 0n] = await tokensOf(till)
  expect(coldUsdc).toBeGreaterThan(0n)
  expect(tillUsdc).toBeLessThanOrEqual(BigInt(answers[2]?.turnpike.ceiling ?? 0))
  const allowances = [signer, till, receiverAuthorizer].map((spender) =>
    client().readContract({
      address: stack().usdc.address,
      abi: tokenAbi,
      functionName: 'allowance',
      args: [payTo, spender],
    }),
  )
  expect(await Promise.all(allowances)).toEqual([0n, 0n, 0n])
})

test('no variable takes the key of the cold address, and the options of a server hold none', () => {
  const keys = Object.keys(VARIABLES.shape).filter((name) => /KEY|SECRET|MNEMONIC|SEED/.test(name))
  expect(keys.filter((name) => name.includes('PAY_TO'))).toEqual([])
  const environment = {
    TURNPIKE_NETWORKS: 'eip155:84532',
    TURNPIKE_RPC_84532: 'http://127.0.0.1:9',
    TURNPIKE_SETTLEMENT_FEES: 'eip155:84532=0.002',
    TURNPIKE_PAY_TO: devAccounts.payTo,
    TURNPIKE_SIGNER_KEY: devAccounts.signer.privateKey,
    TURNPIKE_TILL_KEY: devAccounts.till.privateKey,
    TURNPIKE_RECEIVER_AUTHORIZER_KEY: devAccounts.receiverAuthorizer.privateKey,
    OPENAI_API_KEY: 'x',
  }
  const options = serveOptions({ config: readConfig(environment), environment })
  expect(Object.keys(options.keys).sort()).toEqual(['receiverAuthorizer', 'signer', 'till'])
  expect(new Set(Object.values(options.keys)).size).toBe(3)
})

test('no code sends from the cold address: only two lanes can sign, and both are the process’s own', () => {
  const files = readdirSync(join(SRC, 'chain'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const signing = files.filter((name) =>
    /signTransaction|privateKeyToAccount/.test(readFileSync(join(SRC, 'chain', name), 'utf8')),
  )
  expect(signing.length).toBeGreaterThan(0)
  for (const name of signing) expect(readFileSync(join(SRC, 'chain', name), 'utf8')).not.toMatch(/payTo/)
})
