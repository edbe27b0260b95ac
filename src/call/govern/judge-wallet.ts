import { PUBLIC_UNIT } from '../../governance/hierarchy/types.ts'
import { TurnpikeError } from '../../lib/errors/turnpike-error.ts'
import { parseAddress } from '../../payment/hex.ts'
import type { Wallet } from '../admin-ports.ts'
import { notThere } from './directory.ts'
import { changing, type Decision, type Desk, making } from './desk.ts'

/**
 * The operator's own word about a wallet, which comes before any list: `allow` serves it, `deny` does not; `none` takes the word back, so that
 * it is screened again.
 *
 * @throws TurnpikeError `record_not_found` for what is no address; `permission_denied` for everybody else: an organisation lets its own wallets go, and says nothing of others'.
 */
export async function judgeWallet(
  desk: Desk,
  {
    id,
    verdict,
    version,
  }: {
    readonly id: string
    readonly verdict: 'allow' | 'deny' | 'none'
    readonly version?: number | undefined
  },
): Promise<Decision> {
  const address = parseAddress(id)
  if (!address) throw notThere('wallets')
  if (desk.asker.kind !== 'operator') {
    // Of a wallet that is not its own it is told what it is told of any other: that there is none.
    const { organizationId } = await desk.records.get('wallets', address)
    desk.need({
      organizationId: organizationId ?? PUBLIC_UNIT.id,
      unitPath: [organizationId ?? PUBLIC_UNIT.id],
    })
    throw new TurnpikeError('permission_denied', {
      message: 'Only the operator says which wallets are served.',
      extra: { metadata: { permission: desk.permission } },
    })
  }
  desk.need({ organizationId: PUBLIC_UNIT.id, unitPath: PUBLIC_UNIT.path })
  const was = await desk.records.find('wallets', address)
  const principal = await desk.records.find('principals', address)
  // What a list had found goes with it: a new look is asked for.
  const {
    verdict: _verdict,
    listVersion: _list,
    screenedUntilMs: _until,
    ...rest
  } = was ?? {
    id: address,
    organizationId: principal?.organizationId ?? null,
    principalId: address,
    version: 1,
  }
  const wallet: Wallet = { ...rest, ...(verdict === 'none' ? {} : { verdict }) }
  return {
    organizationId: wallet.organizationId ?? PUBLIC_UNIT.id,
    changes: [was ? changing('wallets', was, wallet, version) : making('wallets', wallet)],
    answer: { resource: 'wallets', id: address },
  }
}
