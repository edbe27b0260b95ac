import type { Address, Hex } from '../../payment/types.ts'
import type { Receipt } from '../../settlement/ports.ts'
import { RpcError } from '../rpc-error.ts'
import { readArray, readHash, readObject, readQuantity, unusable } from '../rpc.ts'
import type { Asker, Rpc } from '../rpc.ts'
import { readClaimed } from './channel-logs.ts'
import { readTransfer } from './transfer-logs.ts'

const METHOD = 'eth_getTransactionReceipt'

/**
 * What became of a transaction: what two RPCs say alike, where several are configured and answer. One request to each.
 *
 * Only Transfer logs of our own tokens are in it: anybody's contract can emit a Transfer.
 *
 * @returns undefined while it is in no block that this RPC knows.
 * @throws RpcError `disputed` where they differ: a lagging RPC catches up, a lying one never settles anything.
 */
export async function getReceipt(query: {
  rpc: Rpc
  hash: Hex
  tokens: ReadonlySet<Address>
}): Promise<Receipt | undefined> {
  const answers = await query.rpc.consult((rpc) => readReceipt({ ...query, rpc }))
  const [first] = answers
  if (answers.length === 1) return first
  const words = answers.map(fingerprint)
  const agreed = answers.find((_, index) => words.filter((word) => word === words[index]).length > 1)
  if (agreed === undefined && words.every((word) => word === words[0])) return undefined
  if (agreed === undefined) throw new RpcError({ kind: 'disputed', method: METHOD })
  return agreed
}

const fingerprint = (receipt: Receipt | undefined) =>
  JSON.stringify(receipt ?? null, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )

async function readReceipt(query: {
  rpc: Asker
  hash: Hex
  tokens: ReadonlySet<Address>
}): Promise<Receipt | undefined> {
  const { rpc, hash, tokens } = query
  const answer = await rpc.request(METHOD, [hash])
  if (answer === null) return undefined
  const receipt = readObject({ value: answer, method: METHOD })
  if (readHash({ value: receipt['transactionHash'], method: METHOD }) !== hash.toLowerCase())
    throw unusable(METHOD)
  const amount = (field: string) => readQuantity({ value: receipt[field], method: METHOD })
  const status = amount('status')
  if (status !== 0n && status !== 1n) throw unusable(METHOD)
  const logs = readArray({ value: receipt['logs'], method: METHOD })
  return {
    status: status === 1n ? 'success' : 'reverted',
    blockNumber: amount('blockNumber'),
    blockHash: readHash({ value: receipt['blockHash'], method: METHOD }),
    gasUsed: amount('gasUsed'),
    effectiveGasPriceWei: amount('effectiveGasPrice'),
    l1FeeWei: typeof receipt['l1Fee'] === 'string' ? amount('l1Fee') : 0n,
    transfers: logs.flatMap((log) => readTransfer({ log, tokens, method: METHOD }) ?? []),
    claims: logs.flatMap((log) => {
      const claim = readClaimed({ log, method: METHOD })
      return claim ? [{ channelId: claim.channelId, addedAtomic: claim.addedAtomic }] : []
    }),
  }
}
