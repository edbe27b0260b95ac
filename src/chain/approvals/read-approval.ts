import {
  decodeFunctionData,
  encodeFunctionData,
  keccak256,
  parseAbi,
  parseTransaction,
  recoverTransactionAddress,
  serializeTransaction,
  type TransactionSerializedEIP1559,
} from 'viem'
import type { Address, Hex } from '../../payment/types.ts'
import type { SignedApproval } from '../../settlement/sponsored/approval-ports.ts'

const abi = parseAbi(['function approve(address spender, uint256 amount)'])
/** Half of the curve's order: a chain takes no signature with an s above it (EIP-2). */
const MOST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/**
 * Reads a payer's signed `approve`. Strict: an EIP-1559 transaction without an access list, whose bytes are the only way to write it
 * down, and whose data is the call and nothing after it. What any node could read differently is no approval.
 */
export async function readApproval(raw: Hex): Promise<SignedApproval | undefined> {
  try {
    return await read(raw)
  } catch {
    return undefined
  }
}

async function read(raw: Hex): Promise<SignedApproval | undefined> {
  if (!raw.startsWith('0x02')) return undefined
  const serializedTransaction = raw as TransactionSerializedEIP1559
  const { r, s, v, yParity, type: _type, ...transaction } = parseTransaction(serializedTransaction)
  const { to, data, nonce = 0, gas, maxFeePerGas, value = 0n, chainId, accessList = [] } = transaction
  if (!to || !data || !r || !s || yParity === undefined) return undefined
  if (gas === undefined || maxFeePerGas === undefined || accessList.length > 0) return undefined
  const again = serializeTransaction(
    { ...transaction, type: 'eip1559' },
    { r, s, yParity, ...(v === undefined ? {} : { v }) },
  )
  if (again !== raw || BigInt(s) > MOST_S) return undefined
  const [spender, amount] = decodeFunctionData({ abi, data }).args
  if (encodeFunctionData({ abi, functionName: 'approve', args: [spender, amount] }) !== data) return undefined
  const from = await recoverTransactionAddress({ serializedTransaction })
  return {
    raw,
    hash: keccak256(raw),
    from: lower(from),
    chainId,
    nonce,
    token: lower(to),
    spender: lower(spender),
    amount,
    valueWei: value,
    gasLimit: gas,
    maxFeePerGasWei: maxFeePerGas,
  }
}

const lower = (address: Hex) => address.toLowerCase() as Address
