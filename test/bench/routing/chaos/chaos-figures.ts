import type { CallNote } from './call-note.ts'
import type { judgeCall } from './judge-calls.ts'

type One = { readonly note: CallNote; readonly judged: ReturnType<typeof judgeCall> }

const share = (part: readonly unknown[], of: readonly unknown[]) =>
  of.length === 0 ? 1 : part.length / of.length

const perCode = (calls: readonly One[]) =>
  Object.fromEntries(
    [...Map.groupBy(calls, ({ note }) => note.errorCode ?? 'none')].map(([code, some]) => [
      code,
      some.length,
    ]),
  )

/** The figures of a run; shares are from 0 to 1. */
export function chaosFigures(calls: readonly One[]) {
  const uncut = calls.filter(({ judged }) => !judged.isCut)
  const failed = uncut.filter(({ judged }) => !judged.isFull)
  const cut = calls.filter(({ judged }) => judged.isCut)
  const optedIn = cut.filter(({ note }) => note.kind === 'continued')
  const brokenOff = cut.filter(({ judged }) => !judged.isFull)
  const isExact = ({ judged }: One) => judged.chargedAtomic === judged.expectedAtomic
  const attempts = calls.reduce((total, { judged }) => total + judged.attempts, 0)
  const asked = calls.filter(({ judged }) => judged.attempts > 0)
  const total = (read: (one: One) => bigint) => calls.reduce((all, one) => all + read(one), 0n)
  return {
    calls: calls.length,
    uncutCalls: uncut.length,
    fullAnswers: share(
      uncut.filter(({ judged }) => judged.isFull),
      uncut,
    ),
    failedCalls: perCode(failed),
    cutStreams: cut.length,
    cutEndedWithError: share(
      brokenOff.filter(({ note }) => note.errorCode === 'upstream_interrupted' && !note.isWhole),
      brokenOff,
    ),
    cutChargedExactly: share(cut.filter(isExact), cut),
    continuedAsked: optedIn.length,
    continuedWhole: share(
      optedIn.filter(({ judged }) => judged.isFull),
      optedIn,
    ),
    chargedExactly: share(calls.filter(isExact), calls),
    attempts,
    extraAttempts: (attempts - asked.length) / calls.length,
    /** Calls that were charged more than what they got, or anything for nothing. */
    doubleBilling: calls.filter(({ judged }) => judged.chargedAtomic > judged.expectedAtomic).length,
    failedAttemptCostPicoUsd: total(({ judged }) => judged.lostPicoUsd).toString(),
    /** Calls whose record lacks something that a provider may bill for an attempt that came to nothing. */
    unrecordedCost: calls.filter(({ judged }) => judged.lostPicoUsd < judged.billedForNothingPicoUsd).length,
  }
}

export type ChaosFigures = ReturnType<typeof chaosFigures>

const percent = (value: number) => `${(value * 100).toFixed(3)} %`

/** Targets that are shares of many calls: a few hundred on a busy machine say nothing about them. */
const shareMisses = ({ fullAnswers, continuedWhole, extraAttempts }: ChaosFigures): [boolean, string][] => [
  [fullAnswers < 0.999, `${percent(fullAnswers)} full answers, at least 99.9 % are wanted`],
  [continuedWhole < 0.99, `${percent(continuedWhole)} of cut streams continued, 99 % are wanted`],
  [extraAttempts > 0.1, `${percent(extraAttempts)} extra attempts, at most 10 % are allowed`],
]

/** A sentence for each target that was not met; what is about money is judged in the short form as well. */
export function chaosMisses({
  figures,
  brokenInvariants,
  isShort,
}: {
  figures: ChaosFigures
  brokenInvariants: readonly string[]
  isShort: boolean
}): readonly string[] {
  const { cutEndedWithError, cutChargedExactly, chargedExactly, doubleBilling, unrecordedCost } = figures
  const misses: [boolean, string][] = [
    ...(isShort ? [] : shareMisses(figures)),
    [cutEndedWithError < 1, `${percent(cutEndedWithError)} of broken streams end with the error`],
    [cutChargedExactly < 1, `${percent(cutChargedExactly)} of cut streams charged exactly`],
    [chargedExactly < 1, `${percent(chargedExactly)} of all calls charged exactly`],
    [doubleBilling > 0, `${doubleBilling} calls paid twice`],
    [unrecordedCost > 0, `${unrecordedCost} calls whose failed attempts are not in our cost`],
    [brokenInvariants.length > 0, `the ledger is broken: ${brokenInvariants.join(', ')}`],
  ]
  return misses.flatMap(([isMissed, sentence]) => (isMissed ? [sentence] : []))
}
