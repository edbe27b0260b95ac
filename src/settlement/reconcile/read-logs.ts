import { LIMITS } from '../../lib/limits.ts'
import type { Address, Hex } from '../../payment/types.ts'
import type { NetworkPass } from './dependencies.ts'
import type { Block, ChannelEvent } from './ports.ts'
import type { ChainLog, Checkpoint } from './types.ts'

/** Passes that are remembered for the way back. A reorganisation deeper than a final block is rare; deeper than these, rarer. */
const REMEMBERED_BLOCKS = 32

/**
 * Reads what is new on a network's chain up to its final block, stores it and moves the checkpoint. Nothing is read twice,
 * unless a reorganisation took blocks back: then from the newest block that is still the same.
 *
 * @returns undefined where the ledger has not been opened for this network.
 */
export async function readLogs(
  pass: NetworkPass,
): Promise<{ readonly at: Block; readonly checkpoint: Checkpoint } | undefined> {
  const { network, dependencies } = pass
  const { store, historyOf } = dependencies
  const history = historyOf(network)
  const openedAt = await store.getOpeningBlock({ network })
  if (openedAt === undefined) return undefined
  let checkpoint = await stillTrue({ ...pass, checkpoint: await startOf({ ...pass, openedAt }), openedAt })
  const finalBlock = await history.getFinalBlock()
  const target = finalBlock > checkpoint.blockNumber ? finalBlock : checkpoint.blockNumber
  // In stretches, so that a long absence is caught up with although single requests fail.
  while (checkpoint.blockNumber < target) {
    const end = checkpoint.blockNumber + LIMITS.reconcileBlocks
    const toBlock = end < target ? end : target
    const logs = await listLogs({ ...pass, checkpoint, toBlock })
    const decimalsOf = (asset: Address) => dependencies.decimalsOf({ network, asset })
    await store.appendLogs({ network, logs, decimalsOf, atMs: dependencies.nowMs() })
    checkpoint = { ...checkpoint, blockNumber: toBlock }
    await store.setCheckpoint({ network, checkpoint })
  }
  const at = await history.getBlock(target)
  if (!at) throw new Error(`The chain ${network} has no block ${target} any more.`)
  const blocks = [at, ...checkpoint.blocks.filter(({ number }) => number !== target)]
  checkpoint = { ...checkpoint, blocks: blocks.slice(0, REMEMBERED_BLOCKS) }
  await store.setCheckpoint({ network, checkpoint })
  return { at, checkpoint }
}

type Opened = NetworkPass & { readonly openedAt: bigint }

const startOf = async ({ network, dependencies, openedAt }: Opened): Promise<Checkpoint> =>
  (await dependencies.store.getCheckpoint({ network })) ?? {
    blockNumber: openedAt,
    blocks: [],
    judgedUntilMs: 0,
    suspects: {},
    unbookedWei: {},
  }

/** The checkpoint, or an earlier one where its block is not on the chain any more. */
async function stillTrue({
  network,
  dependencies,
  checkpoint,
  openedAt,
}: Opened & { checkpoint: Checkpoint }): Promise<Checkpoint> {
  const history = dependencies.historyOf(network)
  const isThere = async ({ number, hash }: { number: bigint; hash: Hex }) =>
    (await history.getBlock(number))?.hash === hash
  let blocks = checkpoint.blocks
  for (const block of checkpoint.blocks) {
    if (await isThere(block)) break
    blocks = blocks.slice(1)
  }
  if (blocks.length === checkpoint.blocks.length) return checkpoint
  const blockNumber = blocks[0]?.number ?? openedAt
  await dependencies.store.dropLogsAfter({ network, blockNumber })
  // What the dropped logs explained is judged again, whenever it was booked.
  const walked = { ...checkpoint, blockNumber, blocks, judgedUntilMs: 0 }
  await dependencies.store.setCheckpoint({ network, checkpoint: walked })
  return walked
}

async function listLogs({
  network,
  dependencies,
  checkpoint,
  toBlock,
}: NetworkPass & { checkpoint: Checkpoint; toBlock: bigint }): Promise<readonly ChainLog[]> {
  const { store, payTo, till, historyOf, nowMs } = dependencies
  const history = historyOf(network)
  const range = { fromBlock: checkpoint.blockNumber + 1n, toBlock }
  const sinceMs = nowMs() - LIMITS.reconcileLookBackMs
  const authorizations = await store.listAuthorizations({ network, sinceMs })
  const [transfers, events, used] = await Promise.all([
    history.listTransfers({ ...range, owners: [payTo, till] }),
    history.listChannelEvents(range),
    history.listUsedAuthorizations({ ...range, authorizations }),
  ])
  return [...transfers, ...(await ownEvents({ network, dependencies, events })), ...used]
}

/**
 * The channel contract is everybody's: kept is what concerns a channel of the ledger, or one that was opened for our cold
 * address past us.
 */
async function ownEvents({
  network,
  dependencies,
  events,
}: NetworkPass & { events: readonly ChannelEvent[] }): Promise<readonly ChainLog[]> {
  const { store, payTo, assetsOf } = dependencies
  const channelIds = [...new Set(events.map(({ channelId }) => channelId))]
  const tokens = new Map(await store.getChannelTokens({ channelIds }))
  for (const { channelId, opened } of events) {
    if (opened?.receiver !== payTo || !assetsOf(network).includes(opened.token)) continue
    tokens.set(channelId, opened.token)
  }
  return events.flatMap(({ channelId, opened, ...event }): ChainLog[] => {
    const token = tokens.get(channelId)
    return token === undefined || opened !== undefined ? [] : [{ ...event, token, subject: channelId }]
  })
}
