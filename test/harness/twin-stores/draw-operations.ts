import {
  captureOf,
  channelNamed,
  configOf,
  LEDGER,
  NETWORK,
  NOW_MS,
  payerNamed,
  sha256,
  USDC,
} from '../../support/calls.ts'
import { admissionOf, giveCredit, openChannelWith, voucherAdmissionOf } from '../../support/calls.ts'
import type { Books } from '../../support/memory/open-memory-storage.ts'
import { appendTransaction, depositFunding, TILL } from '../../support/settlements.ts'
import { ACCOUNTS } from '../../../src/ledger/accounts.ts'
import {
  channelRefundFailed,
  channelRefundSeen,
  claimFinal,
  creditRefundFailed,
  creditRefundSeen,
  depositSeen,
  settleFinal,
  uptoFailed,
  uptoFinal,
  uptoSeen,
  withdrawalFeeFailed,
  withdrawalFeeSeen,
} from '../../../src/ledger/entries.ts'
import type { Admission } from '../../../src/call/types.ts'
import type { ClaimableChannel, Refund } from '../../../src/settlement/types.ts'
import type { Random } from '../simulation/random.ts'

/** What has been done so far, for operations that go on from there. */
export type Story = {
  readonly random: Random
  readonly newId: () => string
  readonly admitted: Admission[]
  readonly refunds: Refund[]
}

/** What both stores have: the ports of the stories. */
export type Twin = Pick<Books, 'calls' | 'settlement' | 'due' | 'balances' | 'lanes'>

/** One call of a store's ports; run against both stores, it must answer alike. */
export type Operation = (books: Twin) => Promise<unknown>

const NAMES = ['a', 'b'] as const
const money = { network: NETWORK, asset: USDC }
const wallet = (name: string) => ({ kind: 'wallet' as const, id: payerNamed(name) })
const amount = ({ random }: Story) => BigInt(random.integer(1, 20) * 50)

function admit(story: Story, admission: Admission): Operation {
  story.admitted.push(admission)
  return (books) => books.calls.admit(admission)
}

function uptoAdmission(story: Story): Admission {
  const ceilingAtomic = amount(story)
  const payer = wallet(story.random.pick(NAMES))
  return admissionOf({
    callId: `call_${story.newId()}`,
    payer,
    ceilingAtomic,
    scheme: 'upto',
    holds: [{ ledger: LEDGER, account: ACCOUNTS.receivable(payer.id), amount: ceilingAtomic }],
    exposureLimitAtomic: 2_000n,
    authorization: {
      nonce: '1',
      permittedAtomic: ceilingAtomic.toString(),
      validAfter: 0,
      deadline: 1_900_000_000,
      signature: '0x01',
    },
  })
}

const voucherAdmission = (story: Story): Admission =>
  voucherAdmissionOf({
    callId: `call_${story.newId()}`,
    channel: story.random.pick(NAMES),
    max: BigInt(story.random.integer(1, 60) * 50),
    ceiling: amount(story),
    quoteNonce: story.newId(),
    newQuoteNonce: story.newId(),
    hasDeposit: story.random.percent(20),
    // Turns end meanwhile.
    atMs: NOW_MS + story.admitted.length * 800,
  })

function holdRefund(story: Story): Operation {
  const { random } = story
  const name = random.pick(NAMES)
  const kind = random.pick(['channel', 'credit'] as const)
  const channel = kind === 'channel' ? { channelId: channelNamed(name) } : {}
  const fee = kind === 'credit' && random.percent(50) ? { feeAtomic: 10n } : {}
  const refund = { ...channel, ...fee, id: story.newId(), kind, payer: payerNamed(name) }
  const request = { ...money, ...refund, atMs: NOW_MS }
  return async (books) => {
    const held = await books.due.holdRefund(request)
    if (held.kind === 'held' && story.refunds.every(({ id }) => id !== request.id))
      story.refunds.push(held.refund)
    return held
  }
}

function endRefund(story: Story): Operation {
  const refund = story.refunds.splice(0, 1)[0]
  if (!refund) return holdRefund(story)
  const { id: refundId, channelId, payer, amountAtomic, feeAtomic } = refund
  const isGood = story.random.percent(50)
  const event = { ...money, refundId, amountAtomic }
  const entry = channelId
    ? (isGood ? channelRefundSeen : channelRefundFailed)({ ...event, channelId })
    : (isGood ? creditRefundSeen : creditRefundFailed)({ ...event, payer })
  // A refund that was seen has a transaction; here nobody has signed one, so its row stays as it is.
  const effects = isGood ? [] : [{ kind: 'refund', id: refundId, state: 'failed' } as const]
  const feeEntry = (isGood ? withdrawalFeeSeen : withdrawalFeeFailed)({
    ...event,
    payer,
    amountAtomic: feeAtomic ?? 0n,
  })
  const entries = feeAtomic === undefined ? [entry] : [entry, feeEntry]
  return (books) => books.settlement.commit({ entries, effects })
}

function deposit(story: Story): Operation {
  const channel = story.random.pick(NAMES)
  const id = story.newId()
  const isReorganised = story.random.percent(50)
  const funding = depositFunding(channel, { id, key: sha256(id), amountAtomic: 500n })
  const channelId = channelNamed(channel)
  const purpose = {
    kind: 'deposit',
    fundingId: id,
    asset: USDC,
    payer: funding.payer,
    amount: '500',
    channelId,
  } as const
  return async (books) => {
    const reserved = await books.settlement.reserveFunding(funding)
    const effects = [{ kind: 'funding', id, state: 'signed' } as const]
    const row = await appendTransaction(books, { id: `t-${id}`, purpose, effects })
    const again = await appendTransaction(books, { id: `u-${id}`, purpose, effects }).catch(() => 'refused')
    const see = () =>
      books.settlement.commit({
        transaction: { id: `t-${id}`, from: ['signed'], to: 'seen', blockNumber: 1n, blockHash: '0x01' },
        entries: [depositSeen({ ...money, amountAtomic: 500n, subject: id, channelId })],
        effects: [
          { kind: 'channel-opened', id: channelId, network: NETWORK, config: configOf(channel) },
          { kind: 'funding', id, state: 'seen' },
        ],
      })
    const seen = [await see()]
    if (isReorganised) {
      const transaction = { id: `t-${id}`, from: ['seen'], to: 'signed' } as const
      seen.push(await books.settlement.commit({ transaction, entries: [], effects: [] }), await see())
    }
    return [reserved, row, again, seen, await books.settlement.getFunding(id)]
  }
}

function settleUpto(story: Story): Operation {
  const id = story.newId()
  const isLost = story.random.percent(15)
  return async (books) => {
    const [due] = await books.due.listDueSettlements({ network: NETWORK, limit: 1, order: id })
    if (!due) return 'nothing'
    const { callId, payer, amountAtomic } = due
    if (isLost) {
      const entries = [uptoFailed({ ...money, callId, payer, amountAtomic })]
      const effects = [{ kind: 'settlement', callId, state: 'failed', error: 'expired' } as const]
      return books.settlement.commit({ entries, effects })
    }
    const purpose = { kind: 'upto', callId, asset: USDC, payer, amount: amountAtomic.toString() } as const
    const effects = [{ kind: 'settlement', callId, state: 'signed' } as const]
    const row = await appendTransaction(books, { id, purpose, effects })
    const event = { ...money, callId, payer, amountAtomic, transactionId: id }
    const step = (from: 'signed' | 'seen', to: 'seen' | 'final') =>
      books.settlement.commit({
        transaction: { id, from: [from], to },
        entries: [to === 'seen' ? uptoSeen(event) : uptoFinal(event)],
        effects: [{ kind: 'settlement', callId, state: to }],
      })
    return [row, await step('signed', 'seen'), await step('seen', 'final'), await books.calls.getCall(callId)]
  }
}

function claim(story: Story): Operation {
  const id = story.newId()
  const reaches = story.random.pick(['signed', 'seen', 'final'])
  const atMs = NOW_MS + story.admitted.length * 800
  /** Whoever reads the claim on chain has a voucher of the payer's. */
  const copyOf = ({ id: channelId, highest: { maxAtomic: max } }: ClaimableChannel) => {
    const channel = NAMES.find((name) => channelNamed(name) === channelId) ?? ''
    const names = { callId: `call_${id}`, quoteNonce: id, newQuoteNonce: `new ${id}` }
    return voucherAdmissionOf({ ...names, channel, max, ceiling: 1n, atMs })
  }
  return async (books) => {
    const [channel] = await books.due.listClaimableChannels({ network: NETWORK, limit: 1 })
    if (!channel) return 'nothing'
    const { id: channelId, chargedAtomic, claimedAtomic, claimingAtomic } = channel
    const delta = chargedAtomic - claimedAtomic - claimingAtomic
    const rows = [{ channelId, totalClaimed: chargedAtomic.toString(), delta: delta.toString() }]
    const purpose = { kind: 'claim', asset: USDC, rows } as const
    const signed = await appendTransaction(books, { id, purpose, effects: [] })
    const row = [signed, await books.calls.admit(copyOf(channel))]
    if (reaches === 'signed') return row
    const seen = await books.settlement.commit({
      transaction: { id, from: ['signed'], to: 'seen' },
      entries: [],
      effects: [{ kind: 'channel-claimed', id: channelId, claimedAtomic: chargedAtomic }],
    })
    if (reaches === 'seen') return [row, seen]
    const final = await books.settlement.commit({
      transaction: { id, from: ['seen'], to: 'final' },
      entries: [claimFinal({ ...money, channelId, amountAtomic: delta, subject: id, transactionId: id })],
      effects: [],
    })
    return [row, seen, final, await books.due.listClaimedFunds({ network: NETWORK })]
  }
}

function settle(story: Story): Operation {
  const id = story.newId()
  return async (books) => {
    const [funds] = await books.due.listClaimedFunds({ network: NETWORK })
    if (!funds) return 'nothing'
    const amountAtomic = funds.amountAtomic
    const purpose = { kind: 'settle', asset: USDC, amount: amountAtomic.toString() } as const
    const row = await appendTransaction(books, { id, purpose, effects: [] })
    const entries = [settleFinal({ ...money, amountAtomic, subject: id, transactionId: id })]
    const final = await books.settlement.commit({
      transaction: { id, from: ['signed'], to: 'final', gasUsed: 21n, effectiveGasPriceWei: 3n },
      entries,
      effects: [],
    })
    return [row, final]
  }
}

function replace(story: Story): Operation {
  const id = story.newId()
  const atMs = NOW_MS + story.random.integer(1, 1_000)
  const isOldMined = story.random.percent(50)
  return async (books) => {
    const purpose = { kind: 'sweep', asset: USDC, amount: '1' } as const
    const row = await appendTransaction(books, { id, purpose, lane: TILL, effects: [] })
    const by = { raw: '0x0202', hash: `0x${id}` } as const
    const isReplaced = await books.settlement.replaceBytes({ id, hash: row.hash, by, maxCostWei: 9n, atMs })
    const mined = isOldMined ? row.hash : by.hash
    const moved = await books.settlement.commit({
      transaction: { id, from: ['signed'], to: 'failed', hash: mined, error: 'reverted' },
      entries: [],
      effects: [],
    })
    return [isReplaced, moved, await books.settlement.getTransaction(id)]
  }
}

const open = ({ admitted, random }: Story) => (admitted.length === 0 ? undefined : random.pick(admitted))

/** Draws the next operation of a story. */
export function drawOperation(story: Story): Operation {
  const { random } = story
  const kind = random.weighted({
    credit: 8,
    channel: 6,
    admitCredit: 16,
    admitUpto: 14,
    admitVoucher: 22,
    again: 6,
    capture: 40,
    holdRefund: 8,
    endRefund: 6,
    deposit: 5,
    settleUpto: 10,
    claim: 10,
    settle: 5,
    replace: 4,
  })
  const name = random.pick(NAMES)
  const id = story.newId()
  const value = amount(story)
  switch (kind) {
    case 'credit':
      return (books) => giveCredit(books, payerNamed(name), value, id)
    case 'channel':
      return (books) => openChannelWith(books, name, value, id)
    case 'admitCredit':
      return admit(story, admissionOf({ callId: `call_${id}`, payer: wallet(name), ceilingAtomic: value }))
    case 'admitUpto':
      return admit(story, uptoAdmission(story))
    case 'admitVoucher':
      return admit(story, voucherAdmission(story))
    case 'again': {
      const first = open(story)
      if (!first) return deposit(story)
      return (books) => books.calls.admit({ ...first, callId: `call_${id}` })
    }
    case 'capture': {
      const call = open(story)
      if (!call) return deposit(story)
      const chargeAtomic = random.pick([0n, 40n, value, call.ceilingAtomic + 1n])
      return async (books) => [
        await books.calls.capture(captureOf(call.callId, { chargeAtomic })),
        await books.calls.getCall(call.callId),
      ]
    }
    case 'holdRefund':
      return holdRefund(story)
    case 'endRefund':
      return endRefund(story)
    case 'deposit':
      return deposit(story)
    case 'settleUpto':
      return settleUpto(story)
    case 'claim':
      return claim(story)
    case 'settle':
      return settle(story)
    case 'replace':
      return replace(story)
  }
}
