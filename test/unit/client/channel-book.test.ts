import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CALL_IS_OVER_MS, createChannelBook, type Ticket } from '../../../src/client/channel/channel-book.ts'
import { admitVoucher, finishCall } from '../../../src/payment/channel.ts'
import type { ChannelState } from '../../../src/payment/types.ts'

const BALANCE = 1_000_000_000n
const START: ChannelState = {
  balanceAtomic: BALANCE,
  chargedAtomic: 0n,
  heldAtomic: 0n,
  claimedAtomic: 0n,
  withdrawRequestedAt: 0,
  refundNonce: 0n,
}

/** One step of a random history; a number picks among what is possible then. */
const STEP = fc.record({
  act: fc.constantFrom('call', 'call', 'arrive', 'arrive', 'end', 'end', 'hear', 'hear', 'lose'),
  pick: fc.nat(999),
  amount: fc.bigInt({ min: 0n, max: 1_000n }),
})
type Step = { readonly act: string; readonly pick: number; readonly amount: bigint }

type Call = { readonly ticket: Ticket; readonly maxAtomic: bigint; readonly name: string; resigns: number }
type Receipt = { readonly call: Call; readonly chargeAtomic: bigint; readonly reportedAtomic: bigint }

function takeOne<Item>({
  from,
  pick,
  inOrder,
}: {
  from: Item[]
  pick: number
  inOrder: boolean
}): Item | undefined {
  return from.splice(inOrder ? 0 : pick % Math.max(1, from.length), 1)[0]
}

/** Plays a client's book against the server's rule. */
function play({
  steps,
  inOrder,
  losesReceipts,
}: {
  steps: readonly Step[]
  inOrder: boolean
  losesReceipts: boolean
}) {
  const book = createChannelBook()
  book.learnBalance({ balanceAtomic: BALANCE })
  let server = START
  let names = 0
  let correctives = 0
  let gaveUp = 0
  let mostInFlight = 0n
  const onTheWay: Call[] = []
  const running: Call[] = []
  const receipts: Receipt[] = []

  const invariant = () => {
    const committed = server.chargedAtomic + server.heldAtomic
    expect(committed).toBeLessThanOrEqual(server.highest?.maxAtomic ?? 0n)
    expect(committed).toBeLessThanOrEqual(server.balanceAtomic)
    expect(server.highest?.maxAtomic ?? 0n).toBeLessThanOrEqual(book.state().signedAtomic)
  }

  function arrive(call: Call): void {
    const { ticket, maxAtomic, name } = call
    const verdict = admitVoucher({
      state: server,
      voucher: { maxAtomic, signature: '0x' },
      ceilingAtomic: ticket.ceilingAtomic,
      payer: '0x11',
      quoteNonce: name,
      nowMs: 0,
    })
    if (verdict.kind === 'wait' || verdict.kind === 'deposit') throw new Error(`unexpected ${verdict.kind}`)
    server = verdict.state
    if (verdict.kind === 'admit') {
      running.push(call)
      return
    }
    correctives += 1
    if (call.resigns === 2) {
      gaveUp += 1
      book.release(ticket)
      return
    }
    const { chargedAtomic, heldAtomic, balanceAtomic } = server
    book.correct({ ticket, committedAtomic: chargedAtomic + heldAtomic, chargedAtomic, balanceAtomic })
    call.resigns += 1
    arrive({ ...call, maxAtomic: book.takeAgain() })
  }

  function end(call: Call, amount: bigint): void {
    const { ceilingAtomic } = call.ticket
    const chargeAtomic = amount % (ceilingAtomic + 1n)
    server = finishCall({ state: server, ceilingAtomic, chargeAtomic })
    receipts.push({ call, chargeAtomic, reportedAtomic: server.chargedAtomic })
  }

  const hear = ({ call, chargeAtomic, reportedAtomic }: Receipt) =>
    book.receive({ ticket: call.ticket, report: { chargeAtomic, reportedAtomic, balanceAtomic: BALANCE } })

  for (const { act, pick, amount } of steps) {
    if (act === 'call') {
      names += 1
      onTheWay.push({ ...book.take({ ceilingAtomic: amount + 1n, nowMs: 0 }), name: `q${names}`, resigns: 0 })
    } else if (act === 'arrive') {
      const call = takeOne({ from: onTheWay, pick, inOrder })
      if (call) arrive(call)
    } else if (act === 'end') {
      const call = takeOne({ from: running, pick, inOrder: false })
      if (call) end(call, amount)
    } else {
      const receipt = takeOne({ from: receipts, pick, inOrder: false })
      if (receipt && !(act === 'lose' && losesReceipts)) hear(receipt)
    }
    const out = book.state().outAtomic
    if (out > mostInFlight) mostInFlight = out
    invariant()
  }
  // The rest arrives in the order in which it was sent, ends and is heard.
  for (const call of onTheWay.splice(0)) arrive(call)
  for (const call of running.splice(0)) end(call, 7n)
  for (const receipt of receipts.splice(0)) hear(receipt)
  invariant()
  return { book, server, correctives, gaveUp, mostInFlight }
}

const STEPS = fc.array(STEP, { maxLength: 120 })

test('requests that arrive in order never need a corrective, whatever the charges, ends and receipts', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const { correctives } = play({ steps, inOrder: true, losesReceipts: true })
      expect(correctives).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('requests that overtake each other are all served, a corrected one at its first new signature', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const { gaveUp, book, server } = play({ steps, inOrder: false, losesReceipts: false })
      expect(gaveUp).toBe(0)
      expect(book.state()).toMatchObject({ outAtomic: 0n, settledAtomic: server.chargedAtomic })
    }),
    { numRuns: 300 },
  )
})

test('what is signed never exceeds what is charged by more than was ever in flight', () => {
  fc.assert(
    fc.property(STEPS, (steps) => {
      const { book, server, mostInFlight } = play({ steps, inOrder: true, losesReceipts: false })
      expect(book.state().signedAtomic - server.chargedAtomic).toBeLessThanOrEqual(mostInFlight)
    }),
    { numRuns: 200 },
  )
})

test('a state that was written at any moment goes on without a corrective', () => {
  fc.assert(
    fc.property(STEPS, STEPS, (before, after) => {
      const { book, server } = play({ steps: before, inOrder: true, losesReceipts: true })
      const restarted = createChannelBook({ state: book.state(), calls: book.open() })
      let state = server
      for (const { amount } of after) {
        const { maxAtomic, ticket } = restarted.take({ ceilingAtomic: amount + 1n, nowMs: 1 })
        const voucher = { maxAtomic, signature: '0x' } as const
        const verdict = admitVoucher({
          state,
          voucher,
          ceilingAtomic: amount + 1n,
          payer: '0x11',
          quoteNonce: 'q',
          nowMs: 0,
        })
        expect(verdict.kind).toBe('admit')
        if (verdict.kind !== 'admit') return
        state = finishCall({ state: verdict.state, ceilingAtomic: amount + 1n, chargeAtomic: amount })
        restarted.receive({ ticket, report: { chargeAtomic: amount, reportedAtomic: state.chargedAtomic } })
      }
    }),
    { numRuns: 200 },
  )
})

test('a lost call stops counting once a call that began after its end has reported the sum', () => {
  const book = createChannelBook()
  const lost = book.take({ ceilingAtomic: 100n, nowMs: 0 })
  const soon = book.take({ ceilingAtomic: 100n, nowMs: CALL_IS_OVER_MS - 1 })
  book.receive({ ticket: soon.ticket, report: { chargeAtomic: 10n, reportedAtomic: 40n } })
  expect(book.state()).toMatchObject({ outAtomic: 100n, settledAtomic: 10n })
  const late = book.take({ ceilingAtomic: 100n, nowMs: CALL_IS_OVER_MS })
  book.receive({ ticket: late.ticket, report: { chargeAtomic: 10n, reportedAtomic: 50n } })
  expect(book.state()).toMatchObject({ outAtomic: 0n, settledAtomic: 50n })
  // Its receipt, if it comes after all, counts no second time.
  book.receive({ ticket: lost.ticket, report: { chargeAtomic: 30n, reportedAtomic: 30n } })
  expect(book.state()).toMatchObject({ outAtomic: 0n, settledAtomic: 50n })
})

test('a charge that was asked for is kept when the next receipt, of an earlier end, does not contain it', () => {
  const book = createChannelBook()
  const first = book.take({ ceilingAtomic: 100n, nowMs: 0 })
  const second = book.take({ ceilingAtomic: 100n, nowMs: 0 })
  book.settle({ ticket: second.ticket, chargeAtomic: 20n })
  book.receive({ ticket: first.ticket, report: { chargeAtomic: 30n, reportedAtomic: 30n } })
  expect(book.state()).toMatchObject({ outAtomic: 0n, settledAtomic: 50n })
})

test('what another user of the channel held is forgotten when nothing is out', () => {
  const book = createChannelBook()
  const { ticket } = book.take({ ceilingAtomic: 100n, nowMs: 0 })
  book.correct({
    ticket,
    committedAtomic: 500n,
    chargedAtomic: 200n,
    provenAtomic: 500n,
    balanceAtomic: 1_000n,
  })
  expect(book.takeAgain()).toBe(600n)
  book.receive({ ticket, report: { chargeAtomic: 10n, reportedAtomic: 260n } })
  expect(book.state()).toMatchObject({ outAtomic: 0n, settledAtomic: 260n, signedAtomic: 600n })
})
