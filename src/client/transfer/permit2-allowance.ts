import { atomicToPicoUsd, formatUsd, maxBigint, picoUsdToAtomic, type Atomic } from '../../lib/money.ts'
import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import { addressWord } from '../../payment/signing/eip712.ts'
import { approveCall, type AllowanceOrder } from '../spend/approve-call.ts'
import { demandChain, readNumber, sendAndWait } from '../wire/chain-client.ts'
import type { PayContext, Payment } from '../context.ts'
import { ApprovalRequiredError } from '../wire/errors.ts'
import { sponsoredApproval } from './sponsored-approval.ts'
import { usdToPico } from '../wire/usd.ts'

/** How much to release: at least what is needed now. */
function releasedAtomic({ payment, neededAtomic }: { payment: Payment; neededAtomic: Atomic }): Atomic {
  const { approved, context } = payment
  const { amountUsd } = context.approvals ?? {}
  const amountPicoUsd = amountUsd === undefined ? context.policy.maxDepositPicoUsd : usdToPico(amountUsd)
  const wishedAtomic = picoUsdToAtomic({ amountPicoUsd, decimals: approved.asset.decimals })
  return maxBigint(neededAtomic, wishedAtomic)
}

async function approve({
  client,
  token,
  amountAtomic,
  allowedAtomic,
}: Pick<AllowanceOrder, 'client' | 'token' | 'amountAtomic'> & { allowedAtomic: Atomic }): Promise<void> {
  // Tether's token refuses to change an allowance that is not zero.
  const steps = allowedAtomic > 0n ? [0n, amountAtomic] : [amountAtomic]
  for (const step of steps) {
    await sendAndWait({ client, ...approveCall({ token, amountAtomic: step }) })
  }
}

/** One approval of a token at a time: a second call waits for the first, and then finds the allowance there. */
const underWay = new WeakMap<PayContext, Map<string, Promise<unknown>>>()

async function inTurn<Result>({
  context,
  key,
  act,
}: {
  context: PayContext
  key: string
  act: () => Promise<Result>
}): Promise<Result> {
  const turns = underWay.get(context) ?? new Map<string, Promise<unknown>>()
  underWay.set(context, turns)
  const before = turns.get(key) ?? Promise.resolve()
  const turn = before.catch(() => undefined).then(act)
  turns.set(key, turn)
  return turn
}

/**
 * Sees to it that Permit2 may move what is about to be signed: looks at the allowance, and where it is missing has it
 * sponsored by the server (where it says so) or sends the approval. Does nothing without `approvals`: then the server
 * answers 412, which `explainAllowance` explains.
 *
 * @returns the extensions that the payment has to carry, where the server sponsors.
 * @throws ChainError
 */
export async function ensureAllowance({
  payment,
  neededAtomic,
}: {
  payment: Payment
  neededAtomic: Atomic
}): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { context, approved, challenge } = payment
  const { client } = context.approvals ?? {}
  const isPermit2 = approved.offer.scheme === 'upto' || approved.asset.transfer === 'permit2'
  if (!client || !isPermit2) return undefined
  const { network, asset: token } = approved.offer
  return inTurn({
    context,
    key: `${network} ${token}`,
    async act() {
      await demandChain({ client, network })
      const allowedAtomic =
        (await readNumber({
          client,
          to: token,
          signature: 'allowance(address,address)',
          words: [addressWord(context.payer), addressWord(PERMIT2)],
        })) ?? 0n
      if (allowedAtomic >= neededAtomic) return undefined
      const amountAtomic = releasedAtomic({ payment, neededAtomic })
      const order = { client, network, token, payer: context.payer, amountAtomic, neededAtomic }
      const sponsored = await sponsoredApproval({ order, payment, announced: challenge.extensions })
      if (sponsored) return sponsored
      await approve({ ...order, allowedAtomic })
      return undefined
    },
  })
}

/**
 * Turns the server's 412 into an error that says what to send. What the server wrote is not repeated: the transaction is
 * made out here.
 */
export function explainAllowance(payment: Payment): ApprovalRequiredError {
  const { approved } = payment
  const { network, asset: token } = approved.offer
  const { symbol, decimals } = approved.asset
  const amountAtomic = releasedAtomic({ payment, neededAtomic: approved.offer.amountAtomic })
  const usd = formatUsd(atomicToPicoUsd({ amountAtomic, decimals }))
  return new ApprovalRequiredError({
    network,
    call: approveCall({ token, amountAtomic }),
    message: `Permit2 may not yet move this wallet's ${symbol}. Send one transaction on ${network} from ${payment.context.payer}: approve(${PERMIT2}, ${amountAtomic}) on ${token}, which releases $${usd}; error.call has its data. Or give payingFetch \`approvals\` with a wallet client, and it does that by itself. Then call again; nothing was charged.`,
  })
}
