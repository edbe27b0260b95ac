import { ACCOUNTS, nativeLedger, tokenLedger } from '../../../../src/ledger/accounts.ts'
import { BATCH_SETTLEMENT } from '../../../../src/payment/tokens/contracts.ts'
import type { Address, Asset } from '../../../../src/payment/types.ts'
import { accountKey } from '../../../support/memory/balances.ts'
import { checkMemoryInvariants } from '../../../support/memory/invariants.ts'
import { balanceOf, held } from '../chain/state.ts'
import { hoardOf, inWallet, type Payer, type Wallet } from '../drive/payer.ts'
import { ASSETS, LANES, NETWORK, PAY_TO } from '../setup.ts'
import type { World } from '../world.ts'
import type { Verdict } from './verdict.ts'

/** The ledger against itself, against the chain, and both against what payers have left. */
export function judgeMoney(world: World, verdict: Verdict): void {
  for (const { name, ok, rows } of checkMemoryInvariants(world.tables, world.scheduler.nowMs()))
    if (!ok)
      verdict.violations.push(`invariant ${name}: ${rows.map(({ violation }) => violation).join(', ')}`)
  for (const asset of ASSETS) judgeToken(world, asset, verdict)
  judgeGas(world, verdict)
  for (const payer of world.payers)
    for (const wallet of payer.wallets) judgeWallet(world, payer, wallet, verdict)
}

function compare(verdict: Verdict, name: string, ledger: bigint, chain: bigint): void {
  if (ledger === chain) return
  verdict.ledgerEqualsChain = false
  verdict.violations.push(`${name}: the ledger has ${ledger}, the chain ${chain}`)
}

function judgeToken({ tables, simulated }: World, { address: asset, symbol }: Asset, verdict: Verdict): void {
  const ledger = tokenLedger({ network: NETWORK, asset })
  const inLedger = (account: string) => tables.sums.get(accountKey(ledger, account)) ?? 0n
  const onChain = (owner: Address) => balanceOf(simulated.blocks.state, asset, owner)
  compare(verdict, `${symbol} of payTo`, inLedger(ACCOUNTS.payTo), onChain(PAY_TO))
  compare(verdict, `${symbol} of the till`, inLedger(ACCOUNTS.till), onChain(LANES.till.address))
  compare(verdict, `${symbol} in channels`, inLedger(ACCOUNTS.channels), onChain(BATCH_SETTLEMENT))
  const clearing = inLedger(ACCOUNTS.clearing)
  if (clearing !== 0n) verdict.violations.push(`clearing has ${clearing} ${symbol} left`)
  for (const row of tables.balances.values())
    if (row.ledger === ledger && row.debitsPending !== 0n)
      verdict.violations.push(`${row.account} holds ${row.debitsPending}`)
}

function judgeGas({ tables, simulated }: World, verdict: Verdict): void {
  for (const [lane, account] of [
    [LANES.signer, ACCOUNTS.signer],
    [LANES.till, ACCOUNTS.till],
  ] as const) {
    const spent = -(tables.sums.get(accountKey(nativeLedger(NETWORK), account)) ?? 0n)
    compare(
      verdict,
      `gas of the ${lane.role}`,
      spent,
      simulated.blocks.state.gasSpent.get(lane.address) ?? 0n,
    )
  }
}

/** What a payer has given: all of it is charges, credit, or its own balance in the channel. Nothing else may be missing. */
function judgeWallet(world: World, payer: Payer, wallet: Wallet, verdict: Verdict): void {
  const { tables, simulated } = world
  const { asset, channel, initialAtomic } = wallet
  const hoard = balanceOf(simulated.blocks.state, asset.address, hoardOf(payer))
  // What a token takes of what goes to its holder is the holder's loss.
  const { feesOf } = simulated.blocks.state
  const feeTo = (owner: Address) => feesOf.get(held(asset.address, owner)) ?? 0n
  const fees = feeTo(payer.address) + feeTo(hoardOf(payer))
  const given = initialAtomic - inWallet(world, payer, wallet) - hoard - fees
  const ledger = tokenLedger({ network: NETWORK, asset: asset.address })
  const credit = -(tables.sums.get(accountKey(ledger, ACCOUNTS.credit(payer.address))) ?? 0n)
  const inChannel = simulated.blocks.state.channels.get(channel.id)?.balance ?? 0n
  let charged = 0n
  for (const { callId, chargeAtomic } of tables.captures.values()) {
    const admission = tables.admissions.get(callId)
    if (admission?.asset !== asset.address || admission.payer.id !== payer.address) continue
    const isPaidAlready = admission.scheme === 'exact' || admission.scheme === 'credit'
    const isSettled = isPaidAlready || tables.settlements.get(callId)?.state === 'final'
    if (isSettled) charged += chargeAtomic
  }
  for (const { payer: who, asset: token, state, feeAtomic = 0n } of tables.refunds.values())
    if (who === payer.address && token === asset.address && state === 'final') charged += feeAtomic
  // What was paid, spent and then taken away by a reorganisation is a loss of ours, in the books as such.
  let lost = 0n
  for (const { postings } of tables.entries.values())
    for (const { ledger: where, debit, credit: to, amount } of postings)
      if (where === ledger && debit === ACCOUNTS.badDebt && to === ACCOUNTS.credit(payer.address))
        lost += amount
  const missing = given + lost - charged - credit - inChannel
  if (missing === 0n) return
  if (missing > 0n) verdict.doubleCharged += 1
  else verdict.lost += 1
  verdict.violations.push(`${payer.address} misses ${missing} ${asset.symbol}`)
}
