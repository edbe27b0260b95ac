import { PERMIT2 } from '../../payment/tokens/contracts.ts'
import { addressWord } from '../../payment/signing/eip712.ts'
import { checksumAddress } from '../../payment/hex.ts'
import { chainIdOf } from '../../payment/tokens/networks.ts'
import { approveCall, type AllowanceOrder } from '../spend/approve-call.ts'
import { readNumber, type FeesPerGas } from '../wire/chain-client.ts'
import type { Payment } from '../context.ts'
import { tokenDomain, validityOf } from '../wire/signing-terms.ts'
import { permitOfTokenData } from '../wire/typed-data.ts'

/** x402's two extensions by which whoever settles also pays for the payer's approval of Permit2. */
const PERMIT = 'eip2612GasSponsoring'
const APPROVAL = 'erc20ApprovalGasSponsoring'
const VERSION = '1'

type Json = Readonly<Record<string, unknown>>
type Announced = { readonly info?: unknown }

function announcedAt({
  announced,
  key,
  scheme,
}: {
  announced: unknown
  key: string
  scheme: string
}): Announced | undefined {
  const extension = (announced as Record<string, unknown> | undefined)?.[key]
  if (typeof extension !== 'object' || extension === null) return undefined
  return sponsorsScheme(extension, scheme) ? extension : undefined
}

/** A server may sponsor some of its schemes only. One that does not say so sponsors all. */
function sponsorsScheme({ info }: Announced, scheme: string): boolean {
  const schemes: unknown = (info as Json | undefined)?.['schemes']
  return !Array.isArray(schemes) || schemes.includes(scheme)
}

/** What the server announced has to come back unchanged, with our part beside it. */
const echo = ({ key, extension, info }: { key: string; extension: Announced; info: Json }): Json => ({
  [key]: { ...extension, info: { ...(extension.info as object), ...info } },
})

/** A permit of the token itself (EIP-2612), where it has one. */
async function signPermit({
  order,
  payment,
}: {
  order: AllowanceOrder
  payment: Payment
}): Promise<Json | undefined> {
  const { client, token, payer, neededAtomic } = order
  const domain = tokenDomain(payment)
  const nonce = await readNumber({
    client,
    to: token,
    signature: 'nonces(address)',
    words: [addressWord(payer)],
  })
  if (nonce === undefined || domain.name === '' || domain.version === '') return undefined
  const { validUntil: deadline } = validityOf(payment)
  const signature = await payment.context.wallet.signTypedData(
    permitOfTokenData({ domain, owner: payer, spender: PERMIT2, valueAtomic: neededAtomic, nonce, deadline }),
  )
  return {
    ...partiesOf({ ...order, amountAtomic: neededAtomic }),
    nonce: nonce.toString(),
    deadline: deadline.toString(),
    signature,
  }
}

const partiesOf = ({
  payer,
  token,
  amountAtomic,
}: Pick<AllowanceOrder, 'payer' | 'token' | 'amountAtomic'>) => ({
  from: checksumAddress(payer),
  asset: checksumAddress(token),
  spender: checksumAddress(PERMIT2),
  amount: amountAtomic.toString(),
  version: VERSION,
})

/** Enough for any token's approve; what is not used is not paid. */
const APPROVE_GAS = 70_000n
const USUAL_FEES: FeesPerGas = { maxFeePerGas: 1_000_000_000n, maxPriorityFeePerGas: 100_000_000n }

/** The approval as a signed transaction that the server gives its gas and sends. */
async function signApproval(order: AllowanceOrder): Promise<Json | undefined> {
  const { client, network, token, payer, amountAtomic } = order
  if (!client.signTransaction || !client.getTransactionCount) return undefined
  const [nonce, fees] = await Promise.all([
    client.getTransactionCount({ address: payer }),
    client.estimateFeesPerGas?.().catch(() => USUAL_FEES) ?? USUAL_FEES,
  ])
  const signedTransaction = await client.signTransaction({
    ...approveCall({ token, amountAtomic }),
    type: 'eip1559',
    chainId: chainIdOf(network),
    nonce,
    gas: APPROVE_GAS,
    maxFeePerGas: fees.maxFeePerGas,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
  })
  return { ...partiesOf(order), signedTransaction }
}

/**
 * Signs what the server needs to bring the approval on chain at its own cost, where it announces that it does.
 *
 * @returns the payment's extensions, or undefined where the server does not sponsor this token.
 */
export async function sponsoredApproval({
  order,
  payment,
  announced,
}: {
  order: AllowanceOrder
  payment: Payment
  announced: unknown
}): Promise<Json | undefined> {
  const { scheme } = payment.approved.offer
  const permit = announcedAt({ announced, key: PERMIT, scheme })
  const permitInfo = permit && (await signPermit({ order, payment }))
  if (permit && permitInfo) return echo({ key: PERMIT, extension: permit, info: permitInfo })
  const approval = announcedAt({ announced, key: APPROVAL, scheme })
  const approvalInfo = approval && (await signApproval(order))
  if (approval && approvalInfo) return echo({ key: APPROVAL, extension: approval, info: approvalInfo })
  return undefined
}
