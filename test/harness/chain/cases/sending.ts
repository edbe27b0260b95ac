import { parseGwei } from 'viem'
import { tokenAbi } from '../../../../src/dev/chain/abis.ts'
import { PERMIT2 } from '../../../../src/dev/chain/addresses.ts'
import { devClient } from '../../../../src/dev/chain/clients.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { type ChainCase, demand } from '../chain-case.ts'

const HIGH_TIP = parseGwei('30')

/** The payer takes its allowance back in the same block, before our settlement: ours is mined and reverts. */
const reverted: ChainCase = {
  name: 'a settlement reverts in its block',
  run: async ({ stack, sign, settle, disturb, mine, settleDown, transactions, balanceOf }) => {
    const payer = await stack.newPayer()
    const before = await balanceOf(stack.usdc, payer.address)
    const { send } = await sign({ payer, scheme: 'upto' })
    demand('the call', (await send()).status, 200)
    const own = devClient({ rpcUrl: stack.rpcUrl, account: payer.account })
    const approve = (amount: bigint) =>
      own.writeContract({
        address: stack.usdc.address,
        abi: tokenAbi,
        functionName: 'approve',
        args: [PERMIT2, amount],
        maxFeePerGas: HIGH_TIP * 2n,
        maxPriorityFeePerGas: HIGH_TIP,
        gas: 100_000n,
      })
    await disturb.stop()
    await settle()
    await approve(0n)
    await disturb.resume()
    await settle()
    demand(
      'after the revert',
      (await transactions('upto', payer)).map(({ state }) => state),
      ['reverted'],
    )
    demand('nothing was paid', await balanceOf(stack.usdc, payer.address), before)
    await mine(20)
    await approve(2n ** 255n)
    await settleDown()
    const states = (await transactions('upto', payer)).map(({ state }) => state).sort()
    demand('in the end', states, ['failed', 'final'])
    return 'failed, due again, settled by a second transaction'
  },
}

const dropped: ChainCase = {
  name: 'the pool drops a payment that waits',
  run: async ({ stack, sign, client, disturb, settleDown, transactions }) => {
    const payer = await stack.newPayer()
    const { send } = await sign({ payer, scheme: 'exact' })
    await disturb.stop()
    const answer = send()
    const waiting = () => transactions('exact', payer)
    await waitUntil({ what: 'the payment is signed', isSo: async () => (await waiting()).length === 1 })
    const [row] = await waiting()
    if (row) await client.dropTransaction({ hash: row.hash })
    await disturb.resume()
    demand('the call', (await answer).status, 200)
    await settleDown()
    demand(
      'transactions',
      (await waiting()).map(({ state }) => state),
      ['final'],
    )
    return 'the stored bytes were sent again, served'
  },
}

const gasSpike: ChainCase = {
  name: 'gas costs a hundred times more while a settlement waits',
  run: async ({ stack, sign, settle, client, disturb, settleDown, transactions }) => {
    const payer = await stack.newPayer()
    const { send } = await sign({ payer, scheme: 'upto' })
    demand('the call', (await send()).status, 200)
    await disturb.stop()
    await settle()
    const [sent] = await transactions('upto', payer)
    if (sent) await client.dropTransaction({ hash: sent.hash })
    await client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('100') })
    await settle()
    await disturb.resume()
    await settle()
    await client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('0.001') })
    await settleDown()
    const rows = await transactions('upto', payer)
    demand(
      'transactions',
      rows.map(({ state }) => state),
      ['final'],
    )
    return rows[0]?.replaced.length ? 'replaced with a higher fee, final' : 'waited for cheaper gas, final'
  },
}

const gasAboveCap: ChainCase = {
  name: 'gas costs more than the operator allows',
  run: async ({ stack, sign, settle, client, settleDown, transactions }) => {
    const payer = await stack.newPayer()
    const { send } = await sign({ payer, scheme: 'upto' })
    demand('the call', (await send()).status, 200)
    await client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('900') })
    await client.mine({ blocks: 1 })
    await settle()
    demand('nothing is signed at that price', (await transactions('upto', payer)).length, 0)
    await client.setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei('0.001') })
    await client.mine({ blocks: 1 })
    await settleDown()
    demand(
      'in the end',
      (await transactions('upto', payer)).map(({ state }) => state),
      ['final'],
    )
    return 'held back, settled when gas was cheap again'
  },
}

export const sending: readonly ChainCase[] = [reverted, dropped, gasSpike, gasAboveCap]
