import { checkTokens } from '../../chain/read/check-tokens.ts'
import { examineRpcs, isOf } from '../../chain/read/examine-rpcs.ts'
import { getBalance } from '../../chain/read/get-balance.ts'
import { listMissingContracts } from '../../chain/read/list-missing-contracts.ts'
import { readFuel } from '../../chain/read/read-fuel.ts'
import { readSuspensions } from '../../chain/read/read-suspensions.ts'
import { createRpc, type Rpc } from '../../chain/rpc.ts'
import { LIMITS } from '../../lib/limits.ts'
import { MULTICALL3 } from '../../payment/tokens/contracts.ts'
import type { Asset } from '../../payment/types.ts'
import { clock } from '../clock.ts'
import type { NetworkOptions } from '../options/options.ts'
import type { ClockSight } from './clock.ts'
import { judgeContracts } from './contracts.ts'
import { judgeFloat } from './float.ts'
import { judgeGas } from './gas.ts'
import { judgeRpcs } from './rpcs.ts'
import type { Subject } from './subject.ts'
import { judgeTokens } from './tokens.ts'
import { orSilence, type Verdict, warn } from './verdict.ts'

type Examined = { readonly verdicts: readonly Verdict[]; readonly clocks: readonly ClockSight[] }

/** Everything that one network is asked: its RPCs each by itself, then the chain through those of them that are of this chain. */
export async function examineNetwork({
  options: { network, rpcUrls },
  subject,
}: {
  options: NetworkOptions
  subject: Subject
}): Promise<Examined> {
  const timeoutMs = LIMITS.doctorAnswerMs
  const rpc = createRpc({ rpcUrls, timeoutMs })
  const { sights, sharedBlock } = await examineRpcs({ rpc, network })
  rpc.close()
  const nowMs = clock.nowMs()
  const hosts = rpcUrls.map((url) => (URL.canParse(url) ? new URL(url).host : 'no URL'))
  const verdicts = judgeRpcs({
    network,
    sights,
    hosts,
    nowMs,
    hasBlocksOnDemand: subject.isDev,
    ...(sharedBlock === undefined ? {} : { sharedBlock }),
  })
  const usable = rpcUrls.filter((_url, index) => isOf(network)(sights[index]))
  if (usable.length === 0) {
    const name = `chain ${network}`
    const unseen = 'tokens, contracts and gas were not looked at: no RPC can be used.'
    return { verdicts: [...verdicts, warn({ name, seen: unseen, fix: 'Mend its RPCs first.' })], clocks: [] }
  }
  const clocks = sights.flatMap((sight, index): ClockSight[] =>
    isOf(network)(sight)
      ? [
          {
            source: hosts[index] ?? '',
            kind: 'block',
            theirsMs: sight.head.timestamp * 1_000,
            oursMs: nowMs,
          },
        ]
      : [],
  )
  const reading = createRpc({ rpcUrls: usable, timeoutMs })
  try {
    return { verdicts: [...verdicts, ...(await examineChain({ network, rpc: reading, subject }))], clocks }
  } finally {
    reading.close()
  }
}

async function examineChain({
  network,
  rpc,
  subject: { terms },
}: {
  network: NetworkOptions['network']
  rpc: Rpc
  subject: Subject
}): Promise<readonly Verdict[]> {
  const assets = terms.assets.filter((asset) => asset.network === network)
  const name = `chain ${network}`
  return orSilence(name, async () => {
    const absent = await listMissingContracts({ rpc })
    const contracts = judgeContracts({ network, absent, terms })
    const groups = await Promise.all([
      orSilence(name, () =>
        absent.includes(MULTICALL3) ? noTokens() : examineTokens({ rpc, assets, terms }),
      ),
      orSilence(name, () => examineGas({ network, rpc, terms })),
      orSilence(name, () => examineFloat({ rpc, assets, terms })),
    ])
    return [...contracts, ...groups.flat()]
  })
}

/** Without Multicall3 no token can be asked for anything; that is said once, by the line of the contracts. */
const noTokens = () => Promise.resolve([])

type Reading = { readonly rpc: Rpc; readonly terms: Subject['terms'] }

async function examineTokens({ rpc, assets, terms }: Reading & { assets: readonly Asset[] }) {
  const [checks, states] = await Promise.all([
    checkTokens({ rpc, assets }),
    readSuspensions({ rpc, assets, owners: terms }),
  ])
  return judgeTokens({ checks, states })
}

function examineGas({ network, rpc, terms }: Reading & { network: NetworkOptions['network'] }) {
  return Promise.all(
    (['signer', 'till'] as const).map(async (role) => {
      const address = terms[role]
      return judgeGas({ network, role, address, ...(await readFuel({ rpc, address })) })
    }),
  )
}

async function examineFloat({ rpc, assets, terms }: Reading & { assets: readonly Asset[] }) {
  const verdicts = await Promise.all(
    assets.map(async (asset) => {
      // What is wrong with a token is said by its own line.
      const query = { rpc, asset: asset.address, owner: terms.till }
      const heldAtomic = await getBalance(query).catch(() => undefined)
      return heldAtomic === undefined ? [] : [judgeFloat({ asset, heldAtomic })]
    }),
  )
  return verdicts.flat()
}
