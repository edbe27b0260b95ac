import { parseAbi } from 'viem'
import { devClient } from '../../../../src/dev/chain/clients.ts'
import { BATCH_SETTLEMENT } from '../../../../src/payment/tokens/contracts.ts'
import { chatBody, post } from '../../../support/chat.ts'
import { offerFor, channelOf } from '../../../support/wire-payment.ts'
import { type ChainCase, demand } from '../chain-case.ts'

const abi = parseAbi([
  'struct Config { address payer; address payerAuthorizer; address receiver; address receiverAuthorizer; address token; uint40 withdrawDelay; bytes32 salt; }',
  'function initiateWithdraw(Config config, uint128 amount)',
])

const started: ChainCase = {
  name: 'a payer starts to withdraw from its channel',
  run: async ({ stack, agent, ask, settle, settleDown, transactions }) => {
    const payer = await stack.newPayer()
    const paying = agent({ payer })
    const { status, chargeAtomic } = await ask(paying)
    demand('the call', status, 200)
    const offer = await offerFor({ stack, body: chatBody(), scheme: 'batch-settlement' })
    const { config, channelId } = channelOf({ offer, payer })
    const own = devClient({ rpcUrl: stack.rpcUrl, account: payer.account })
    const hash = await own.writeContract({
      address: BATCH_SETTLEMENT,
      abi,
      functionName: 'initiateWithdraw',
      args: [config, 1_000_000n - chargeAtomic],
    })
    await own.waitForTransactionReceipt({ hash })
    await stack.app.settleNow()
    const claims = (await transactions('claim')).filter(
      ({ purpose }) =>
        purpose.kind === 'claim' &&
        purpose.rows.some((row) => row.channelId === channelId && BigInt(row.totalClaimed) === chargeAtomic),
    )
    demand('claims of everything that was charged', claims.length, 1)
    const refused = await paying(stack.chatUrl, post(chatBody()))
    demand('the next call', refused.status, 402)
    await settle()
    await settleDown()
    return 'claimed at once, closed to calls'
  },
}

export const withdrawals: readonly ChainCase[] = [started]
