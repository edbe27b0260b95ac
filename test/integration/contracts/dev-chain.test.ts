import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { domainSeparator, parseAbi, parseUnits } from 'viem'
import { afterAll, expect, test } from 'vitest'
import { devAccounts } from '../../../src/dev/accounts.ts'
import { tokenAbi } from '../../../src/dev/chain/abis.ts'
import { PERMIT2, USDC, USDT } from '../../../src/dev/chain/addresses.ts'
import { devClient } from '../../../src/dev/chain/clients.ts'
import { fundAccount } from '../../../src/dev/chain/fund.ts'
import { fundDevWorld } from '../../../src/dev/chain/fund-dev-world.ts'
import { startDevChain } from '../../../src/dev/chain/start-dev-chain.ts'
import type { DevChain } from '../../../src/dev/chain/start-dev-chain.ts'

const folder = mkdtempSync(join(tmpdir(), 'turnpike-dev-chain-'))
afterAll(() => rmSync(folder, { recursive: true }))

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const balanceOf = (chain: DevChain, token: typeof USDC) => {
  const args = [devAccounts.payer.address] as const
  return devClient(chain).readContract({ address: token, abi: tokenAbi, functionName: 'balanceOf', args })
}
const TEN_THOUSAND = parseUnits('10000', 6)

test('a chain comes back from its state file: same genesis, same money, same logs, nothing done twice', async () => {
  const statePath = join(folder, 'kept.json')
  const first = await startDevChain({ statePath })
  await fundDevWorld({ chain: first })
  const blocks = await devClient(first).getBlockNumber()
  expect(await balanceOf(first, USDC)).toBe(TEN_THOUSAND)
  await fundDevWorld({ chain: first })
  expect(await devClient(first).getBlockNumber()).toBe(blocks)
  await first.close()
  expect(isAlive(first.pid)).toBe(false)

  const second = await startDevChain({ statePath })
  await fundDevWorld({ chain: second })
  const client = devClient(second)
  expect(second.genesisHash).toBe(first.genesisHash)
  expect(await client.getBlockNumber()).toBe(blocks)
  expect([await balanceOf(second, USDC), await balanceOf(second, USDT)]).toEqual([TEN_THOUSAND, TEN_THOUSAND])
  expect(await client.getLogs({ address: USDC, fromBlock: 0n })).not.toHaveLength(0)
  await fundAccount({ rpcUrl: second.rpcUrl, address: devAccounts.payer.address, usdc: 1n })
  expect(await balanceOf(second, USDC)).toBe(TEN_THOUSAND + 1n)
  await second.close()
})

test('accounts may be funded all at once', async () => {
  const chain = await startDevChain({})
  const { rpcUrl } = chain
  const address = devAccounts.payer.address
  await Promise.all([1n, 2n, 3n, 4n].map((usdc) => fundAccount({ rpcUrl, address, usdc, usdt: usdc })))
  expect([await balanceOf(chain, USDC), await balanceOf(chain, USDT)]).toEqual([10n, 10n])
  await chain.close()
})

test('a fresh chain has another genesis, so a ledger can tell that it is not its own', async () => {
  const genesisHashes = []
  for (const name of ['one.json', 'two.json']) {
    const chain = await startDevChain({ statePath: join(folder, name) })
    genesisHashes.push(chain.genesisHash)
    await chain.close()
  }
  expect(genesisHashes[0]).not.toBe(genesisHashes[1])
})

/** Starts a chain in a process of its own, as `turnpike dev` does. */
async function startInAnotherProcess(statePath: string) {
  const source = `
    const { startDevChain } = await import(${JSON.stringify(join(process.cwd(), 'src/dev/chain/start-dev-chain.ts'))})
    const { pid, genesisHash, rpcUrl } = await startDevChain({ statePath: ${JSON.stringify(statePath)} })
    console.log(JSON.stringify({ pid, genesisHash, rpcUrl }))
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const chain = JSON.parse(line.toString()) as { pid: number; genesisHash: string; rpcUrl: string }
  return { parent, chain }
}

test('a parent that is killed takes the chain with it, and the chain keeps its state', async () => {
  const statePath = join(folder, 'killed.json')
  const { parent, chain } = await startInAnotherProcess(statePath)
  expect(isAlive(chain.pid)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(chain.pid), { timeout: 6_000 }).toBe(false)

  const again = await startDevChain({ statePath })
  expect(again.genesisHash).toBe(chain.genesisHash)
  await again.close()
})

test('Ctrl-C at a terminal does not reach the chain before its parent has let go of it', async () => {
  const { parent, chain } = await startInAnotherProcess(join(folder, 'group.json'))
  const client = devClient(chain)
  // A terminal signals the whole foreground group; the chain must not be in it.
  const groupOf = spawn('ps', ['-o', 'pgid=', '-p', `${chain.pid}`, '-p', `${parent.pid}`])
  const [groups] = (await once(groupOf.stdout, 'data')) as [Buffer]
  const [one, other] = groups.toString().trim().split(/\s+/)
  expect(one).not.toBe(other)
  expect(await client.getChainId()).toBe(84532)
  parent.kill('SIGINT')
  await expect.poll(() => isAlive(chain.pid), { timeout: 6_000 }).toBe(false)
})

test('a port in use is named in the error, and no stranger is mistaken for the chain', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await expect(startDevChain({ port })).rejects.toThrow(`Port ${port} is in use`)
  server.close()
})

test('with a block time the chain is furnished at once, and later transactions wait for their block', async () => {
  const chain = await startDevChain({ blockTimeSeconds: 2 })
  await fundDevWorld({ chain })
  const client = devClient({ rpcUrl: chain.rpcUrl, account: devAccounts.payer })
  const startedAt = performance.now()
  const hash = await client.writeContract({
    account: devAccounts.payer,
    address: USDC,
    abi: tokenAbi,
    functionName: 'transfer',
    args: [devAccounts.payTo, 1n],
  })
  await expect(client.getTransactionReceipt({ hash })).rejects.toThrow(/could not be found/)
  const receipt = await client.waitForTransactionReceipt({ hash })
  expect(receipt.status).toBe('success')
  expect(performance.now() - startedAt).toBeLessThan(4_000)
  await chain.close()
})

test('a state file in a folder that does not exist yet is kept all the same', async () => {
  const statePath = join(folder, 'no-such-folder', 'chain.json')
  const chain = await startDevChain({ statePath })
  await chain.close()
  const again = await startDevChain({ statePath })
  expect(again.genesisHash).toBe(chain.genesisHash)
  await again.close()
})

test('a damaged state file stops the start and is named in the error', async () => {
  const statePath = join(folder, 'damaged.json')
  writeFileSync(statePath, '{"block":')
  await expect(startDevChain({ statePath })).rejects.toThrow(statePath)
})

test('what is laid at an address believes it was built there: domain separators and batched reads', async () => {
  const chain = await startDevChain({})
  const client = devClient(chain)
  const abi = parseAbi(['function DOMAIN_SEPARATOR() view returns (bytes32)'])
  const [permit2, usdc] = await client.multicall({
    allowFailure: false,
    contracts: [
      { address: PERMIT2, abi, functionName: 'DOMAIN_SEPARATOR' },
      { address: USDC, abi, functionName: 'DOMAIN_SEPARATOR' },
    ],
  })
  const { chainId } = chain
  expect(permit2).toBe(domainSeparator({ domain: { name: 'Permit2', chainId, verifyingContract: PERMIT2 } }))
  const usdcDomain = { name: 'USDC', version: '2', chainId, verifyingContract: USDC } as const
  expect(usdc).toBe(domainSeparator({ domain: usdcDomain }))
  const failing = { address: USDT, abi, functionName: 'DOMAIN_SEPARATOR' } as const
  const mixed = await client.multicall({
    contracts: [failing, { address: USDC, abi, functionName: failing.functionName }],
  })
  expect(mixed.map(({ status }) => status)).toEqual(['failure', 'success'])
  await chain.close()
})
